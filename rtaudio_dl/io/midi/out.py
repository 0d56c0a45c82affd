"""MIDI out: notes to a port of another program or of an instrument."""

from __future__ import annotations

import contextlib
import time
from types import ModuleType

from rtaudio_dl.core import midi
from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.jack import libjack
from rtaudio_dl.io.midi.ports import CLIENT_NAME
from rtaudio_dl.io.midi.system import api_name, system_api, unavailable
from rtaudio_dl.io.names import choices, choose

OWN_PORT = "new"  # asks for a port that others connect to
_PORT_NAME = "midi_out"
_LAST_SECONDS = 0.05  # for what was sent last to leave before the port closes


def _apis(rtmidi: ModuleType) -> dict[str, int]:
    """Names and numbers of the MIDI systems that are there."""
    apis = {} if unavailable() else {api_name(): system_api(rtmidi)}
    jack = rtmidi.API_UNIX_JACK
    if jack in rtmidi.get_compiled_api() and libjack.server_runs():
        apis["JACK"] = jack
    return apis


def list_outputs() -> list[str]:
    """Names of the ports that can be played to, with their systems."""
    return [label for label, _, _ in _outputs(_rtmidi())]


def _rtmidi() -> ModuleType:
    try:
        import rtmidi
    except ImportError as error:
        raise DeviceError(f"rtmidi does not load: {error}") from None
    return rtmidi


def _outputs(rtmidi: ModuleType) -> list[tuple[str, int, int]]:
    """Label, system and number of each port but our own."""
    found = []
    for name, api in _apis(rtmidi).items():
        client = rtmidi.MidiOut(api, name=f"{CLIENT_NAME}-list")
        try:
            ports = client.get_ports()
        finally:
            client.delete()
        found += [
            (f"{port} ({name})", api, number)
            for number, port in enumerate(ports)
            if not port.startswith(f"{CLIENT_NAME}:")
        ]
    return found


class MidiOut:
    """Plays notes to a port: words of its name, or ``new`` for one of our own.

    Keys and channels count from 0. All notes end with `close`. Raises DeviceError,
    which lists the ports if none matches or several do.
    """

    def __init__(self, port: str):
        rtmidi = _rtmidi()
        if port == OWN_PORT:
            self._out, self.label = self._open_own(rtmidi)
        else:
            self._out, self.label = self._open(rtmidi, port)
        self._held: set[tuple[int, int]] = set()

    @staticmethod
    def _open_own(rtmidi: ModuleType):
        apis = _apis(rtmidi)
        if not apis:
            raise DeviceError(f"no MIDI system: {unavailable()}; no JACK server runs")
        name, api = list(apis.items())[-1]
        out = rtmidi.MidiOut(api, name=f"{CLIENT_NAME}_ears")
        try:
            out.open_virtual_port(_PORT_NAME)
        except (rtmidi.RtMidiError, NotImplementedError) as error:
            out.delete()
            raise DeviceError(f"{name} opens no port of our own: {error}") from None
        return out, f"{CLIENT_NAME}_ears:{_PORT_NAME} ({name})"

    @staticmethod
    def _open(rtmidi: ModuleType, port: str):
        outputs = _outputs(rtmidi)
        found = choose(port, outputs, _label, "MIDI output")
        if len(found) > 1:
            raise DeviceError(
                f"{port!r} matches several MIDI outputs; say more: "
                f"{choices(found, _label)}"
            )
        label, api, number = found[0]
        out = rtmidi.MidiOut(api, name=f"{CLIENT_NAME}_ears")
        try:
            out.open_port(number, name=_PORT_NAME)
        except (rtmidi.RtMidiError, ValueError) as error:
            out.delete()
            raise DeviceError(f"{label} does not open: {error}") from None
        return out, label

    def _send(self, *message: int) -> None:
        if self._out is None:
            raise DeviceError(f"{self.label} is closed; open it again")
        self._out.send_message(message)

    def send(self, message: bytes) -> None:
        """Send a channel message as it is; keys that it strikes are lifted in the end.

        Raises DeviceError once it is closed.
        """
        status, channel = message[0] & 0xF0, message[0] & 0x0F
        self._send(*message)
        if status == midi.NOTE_ON and message[2]:
            self._held.add((channel, message[1]))
        elif status in (midi.NOTE_OFF, midi.NOTE_ON):
            self._held.discard((channel, message[1]))

    def note_on(self, key: int, velocity: float, channel: int = 0) -> None:
        """Strike a key; ``velocity`` 0..1, the softest is 1 of 127."""
        value = min(max(round(velocity * 127), 1), 127)
        if (channel, key) in self._held:
            self.note_off(key, channel)
        self._send(0x90 | channel, key, value)
        self._held.add((channel, key))

    def note_off(self, key: int, channel: int = 0) -> None:
        """Lift a key, if it is down."""
        if (channel, key) in self._held:
            self._held.discard((channel, key))
            self._send(0x80 | channel, key, 0)

    def close(self) -> None:
        """Lift all keys and close the port; again: nothing."""
        if self._out is None:
            return
        out = self._out
        with contextlib.suppress(Exception):  # the port may have gone
            self._lift_all()
        with contextlib.suppress(Exception):
            out.close_port()
        self._out = None
        out.delete()

    def _lift_all(self) -> None:
        if self._held:
            for channel, key in sorted(self._held):
                self.note_off(key, channel)
            time.sleep(_LAST_SECONDS)


def _label(output: tuple[str, int, int]) -> str:
    return output[0]
