"""The devices of a live host: sound out and in, and the sources of MIDI."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from rtaudio_dl.core.counters import CALLBACKS
from rtaudio_dl.engine.entries import audio_callback, midi_callback
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.audio.devices import find_input, find_player
from rtaudio_dl.io.audio.stream import (
    DEFAULT_BLOCK,
    AudioDevice,
    AudioStream,
    Microphone,
)
from rtaudio_dl.io.audio.supervisor import AudioSupervisor
from rtaudio_dl.io.midi.ports import JACK
from rtaudio_dl.io.midi.reader import MidiReader
from rtaudio_dl.io.shared import SharedRing
from rtaudio_dl.kinds.classifier.listener import choose_channels

UNCONNECTED = ""  # the name of an input that JACK connects to nothing by itself
_USUAL_CHANNELS = 2


@dataclass(frozen=True)
class Wishes:
    """What a user asked for: words of names, None for the default of each."""

    device: str | None = None
    microphone: str | None = None
    midi: str | None = None
    backend: str = "auto"
    block: int | None = None  # frames


class Devices:
    """Plays an engine on the devices that were wished for, and looks after them.

    ``ring`` takes the MIDI that no audio driver brings. ``reached`` is what a driver
    that hangs may still reach: it is kept alive then. ``say`` gets a line at a time.
    """

    def __init__(
        self,
        engine: Engine,
        device: AudioDevice,
        wishes: Wishes,
        ring: SharedRing,
        reached: object,
        say: Callable[[str], None],
    ):
        self._engine, self._wishes, self._ring = engine, wishes, ring
        self._reached, self._say = [reached], say
        self.device = device
        self.block = wishes.block or DEFAULT_BLOCK  # frames
        self._input_wanted = False
        self._channels: tuple[int, ...] | None = None
        self._last: AudioStream | None = None  # that was opened
        self._audio = AudioSupervisor(self._open, self._callbacks, say)
        # JACK brings MIDI with the block, to the frame; the reader has all the rest.
        in_cycle = device.host_api == JACK
        self.midi_reader = MidiReader(ring, wishes.midi, jack=not in_cycle)

    # --- sound

    def start(self) -> None:
        """Open the output, and the input if one is wanted. Raises DeviceError."""
        stream = self._audio.start()
        # One block until the next callback, and a quarter for the jitter of its start.
        self.block = stream.block
        self._engine.master["delay"] = self.block + max(32, self.block // 4)

    def stop(self) -> None:
        """Close them; may be called again."""
        self._audio.stop()

    @property
    def stream(self) -> AudioStream | None:
        """What plays now, None while the device is away."""
        return self._audio.stream

    def keep(self, reached: Iterable[object]) -> None:
        """Keep what a driver that hangs may still reach, if there is one."""
        if self._audio.abandoned:
            self._reached += reached

    def _open(self) -> AudioStream:
        # No audio thread runs now. Notes that were struck while there was none are not
        # owed, but what ends others is.
        self._ring.drop_notes()
        held = self._last.held if self._last is not None else 0
        self._last = AudioStream(
            audio_callback.address,
            self._engine.address,
            find_player(self._wishes.device, self._wishes.backend),
            float(self._engine.master["sample_rate"][0]),
            self._wishes.block,
            self._callbacks,
            midi_callback.address,
            self._wishes.midi,
            self._input(),
            held,
            reached=self._reached,
        )
        return self._last

    def _callbacks(self) -> int:
        return int(self._engine.counters[CALLBACKS])

    # --- the input

    def want_input(self, channels: tuple[int, ...] | None) -> None:
        """Let the next stream have an input; its ``channels`` from 1 are mixed."""
        self._input_wanted, self._channels = True, channels

    def open_input(self) -> None:
        """Give the running stream the input that is wanted, or take a new stream."""
        microphone, stream = self._input(), self._audio.stream
        if stream is not None and not stream.hear(microphone):
            self._audio.stop()
            self._audio.start()

    def close_input(self) -> None:
        """Want no input any more, and close the one there is."""
        self._input_wanted = False
        if self._audio.stream is not None:
            self._audio.stream.hear(None)

    def play_on(self) -> None:
        """Play as before, where a stream could not be had with an input."""
        if not self._audio.watching:
            self._audio.start()

    @property
    def microphone(self) -> AudioDevice | None:
        """The input that is open now, None if none is."""
        stream = self._audio.stream
        microphone = stream.microphone if stream else None
        return microphone.device if microphone else None

    def _input(self) -> Microphone | None:
        """What a stream is to take, and the engine told how it comes."""
        if not self._input_wanted:
            return None
        device = self._input_device()
        wanted = max(self._channels) if self._channels else _USUAL_CHANNELS
        count = wanted if self._channels else min(wanted, device.inputs)
        if not 1 <= count <= device.inputs:
            raise DeviceError(
                f"channels are {self._channels!r}; {device.label} has {device.inputs} "
                "inputs, counted from 1"
            )
        choose_channels(self._engine.input, count, self._channels)
        return Microphone(device, count)

    def _input_device(self) -> AudioDevice:
        name = self._wishes.microphone
        if name == UNCONNECTED and self.device.host_api == JACK:
            return replace(self.device, name=UNCONNECTED, inputs=_USUAL_CHANNELS)
        return find_input(name, self._wishes.backend)

    # --- MIDI

    @property
    def midi_port(self) -> str:
        """The MIDI input that other programs can play into; empty if there is none."""
        stream = self._audio.stream
        return (stream.midi_port if stream else "") or self.midi_reader.virtual_port

    def midi_sources(self) -> list[str]:
        """Names of the MIDI sources that are read now."""
        stream = self._audio.stream
        return (stream.midi_sources() if stream else []) + self.midi_reader.ports()

    def poll(self) -> None:
        """Say what happened to MIDI ports since the last call."""
        for status in self.midi_reader.messages():
            self._say(status.line())
