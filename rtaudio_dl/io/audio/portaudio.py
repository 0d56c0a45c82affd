"""Playing and hearing through PortAudio; alone imports sounddevice, when first used.

PortAudio is kept away from JACK (see `libjack` for why, and `jack_audio` for what does
it instead): its JACK client would abort this process once that server has gone. Who
asks for it by name gets it all the same, with `show_jack`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from types import ModuleType

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.jack.libjack import bounded, no_server
from rtaudio_dl.io.midi.ports import Status

OUTPUTS = 2
_CLOSE_SECONDS = 3.0
_INSTALL = {
    "linux": "on Debian: apt install libportaudio2",
    "darwin": "pip install --force-reinstall sounddevice brings it",
    "win32": "pip install --force-reinstall sounddevice brings it",
}
_stuck: list[PortAudioStream] = []  # could not be closed; PortAudio cannot start anew


_hide_jack: list[Callable[[], AbstractContextManager]] = [no_server]


def show_jack() -> None:
    """Let PortAudio find JACK servers, too; only before `sounddevice` is first used."""
    _hide_jack[:] = [nullcontext]


@cache
def sounddevice() -> ModuleType:
    """The sounddevice module, with PortAudio initialised; DeviceError without it."""
    try:
        with _hide_jack[0]():
            import sounddevice
    except OSError as error:
        install = _INSTALL.get(sys.platform, "install it from www.portaudio.com")
        raise DeviceError(f"{error}: PortAudio is needed; {install}") from None
    return sounddevice


def rescan() -> bool:
    """Let PortAudio look for devices again; no stream may be open. False if it can't.

    It only looks when it starts, so it is ended and started, bounded in time.
    """
    if "sounddevice" not in sys.modules:
        return True
    sd = sounddevice()
    foreign_jack = any("JACK" in api["name"] for api in sd.query_hostapis())
    if _stuck or foreign_jack:
        return False
    restarted: list[bool] = []
    bounded(lambda: restarted.append(_restart(sd)), _CLOSE_SECONDS)
    return restarted == [True]


def _restart(sd: ModuleType) -> bool:
    try:
        sd._terminate()
        with no_server():
            sd._initialize()
    except sd.PortAudioError:
        return False
    return True


class PortAudioStream:
    """Plays a callback's two interleaved channels through a device of PortAudio.

    ``callback_address`` is a PaStreamCallback, called with ``user_address``;
    ``reached`` is what keeps all that they reach: it lives as long as PortAudio may
    call. ``device`` is PortAudio's index (None: no output), ``sample_rate`` in Hz,
    ``block`` in frames. With ``inputs`` it also brings so many interleaved channels of
    the device ``source``.
    """

    def __init__(
        self,
        callback_address: int,
        user_address: int,
        device: int | None,
        sample_rate: float,
        block: int,
        source: int | None = None,
        inputs: int = 0,
        reached: object = None,
    ):
        self._reached = reached
        sd = sounddevice()
        kind, devices, channels = _sides(device, source, inputs)
        try:
            # The public classes call Python; rtmixer uses this one the same way.
            self._stream = sd._StreamBase(
                kind=kind,
                samplerate=sample_rate,
                blocksize=block,
                device=devices,
                channels=channels,
                dtype="float32",
                latency="low",
                extra_settings=None,
                callback=callback_address,
                finished_callback=None,
                clip_off=None,
                dither_off=None,
                never_drop_input=None,
                prime_output_buffers_using_stream_callback=None,
                userdata=sd._ffi.cast("void *", user_address),
                wrap_callback=None,
            )
        except (sd.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"device does not open at {sample_rate:g} Hz with blocks of {block}: "
                f"{error}; another program may hold it, or try another --block"
            ) from None
        self.midi_port, self.held = "", 0  # PortAudio knows nothing of MIDI
        self.sample_rate = self._stream.samplerate
        self.block = block

    def device_latency(self) -> int:
        """Frames from the callback to the device's end, as the driver tells."""
        latency = self._stream.latency  # of input and output, where it has both
        if isinstance(latency, tuple):
            latency = latency[1]
        return round(latency * self.sample_rate)

    def hear(self, source: str, channels: int) -> None:
        """PortAudio has its input from the beginning, or never."""
        raise DeviceError("this stream cannot be given an input; open it with one")

    def hear_nothing(self) -> None:
        """Its input goes on, unheard."""

    def start(self) -> None:
        """Let the device call; raises DeviceError."""
        try:
            self._stream.start()
        except sounddevice().PortAudioError as error:
            raise DeviceError(f"device does not start: {error}") from None

    def stop(self) -> None:
        """The callback is not called again."""
        if not bounded(lambda: self._stream.abort(), _CLOSE_SECONDS):
            _stuck.append(self)

    def active(self) -> bool:
        """Whether PortAudio thinks that the device calls."""
        try:
            return bool(self._stream.active)
        except sounddevice().PortAudioError:
            return False

    def midi_sources(self) -> list[str]:
        """None, for PortAudio knows nothing of MIDI."""
        return []

    def poll_midi(self) -> list[Status]:
        """Nothing ever changes."""
        return []

    def close(self) -> bool:
        """Free the device; False if it is so stuck that it had to be abandoned."""
        if self in _stuck:
            return False
        if bounded(lambda: self._stream.close(ignore_errors=True), _CLOSE_SECONDS):
            return True
        _stuck.append(self)
        return False


def _sides(device: int | None, source: int | None, inputs: int) -> tuple:
    """Kind, device and channels as sounddevice has them, for one side or both."""
    if not inputs:
        return "output", device, OUTPUTS
    if device is None:
        return "input", source, inputs
    return "duplex", (source, device), (inputs, OUTPUTS)
