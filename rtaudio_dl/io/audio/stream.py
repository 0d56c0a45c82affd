"""Audio out and in: a stream on a device that native code fills and hears."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.audio import portaudio
from rtaudio_dl.io.audio.devices import (
    AudioDevice,
    current_index,
    find_input,
    find_output,
    list_audio_devices,
)
from rtaudio_dl.io.midi.ports import JACK, Status

if TYPE_CHECKING:
    from rtaudio_dl.io.jack.stream import JackStream

__all__ = [
    "AudioDevice",
    "AudioStream",
    "LatencyParts",
    "Microphone",
    "find_input",
    "find_output",
    "list_audio_devices",
    "rescan",
]

DEFAULT_BLOCK = 128  # frames
BLOCK_RANGE = (16, 8192)
RATE_RANGE = (8_000, 192_000)  # Hz
PATIENCE_SECONDS = 1.0  # without a callback, before a stream counts as dead


@dataclass(frozen=True)
class Microphone:
    """An input to be heard: its first ``channels`` channels."""

    device: AudioDevice
    channels: int


@dataclass(frozen=True)
class LatencyParts:
    """Frames: ``block``, the longest that an event waits for the next callback, and
    ``device``, from there to the end of the driver's way."""

    device: int
    block: int


def rescan() -> bool:
    """Look for devices that came or went; no stream may be open. False if it can't."""
    return portaudio.rescan()


class AudioStream:
    """A stereo float32 output that a C function fills, from a thread without the GIL.

    ``callback_address`` is a PaStreamCallback (interleaved output), called with
    ``user_address``; ``reached`` is what keeps all that they reach: it lives until
    `close`, and for ever if the driver hangs then, for it may still call.
    ``sample_rate`` in Hz and ``block`` in frames default to the device's; with JACK the
    server decides both.
    ``callbacks`` counts calls, for `alive`. With JACK, ``midi_callback_address`` and
    ``midi`` bring MIDI in the same cycle, see `JackStream`; other drivers have none.
    ``held`` is that of the stream before, whose device was lost.
    ``microphone`` is what the callback gets as its input; a ``device`` without outputs
    only hears. Raises DeviceError if it does not open.
    """

    def __init__(
        self,
        callback_address: int,
        user_address: int,
        device: AudioDevice,
        sample_rate: float | None = None,
        block: int | None = None,
        callbacks: Callable[[], int] | None = None,
        midi_callback_address: int = 0,
        midi: str | None = None,
        microphone: Microphone | None = None,
        held: int = 0,
        reached: object = None,
    ):
        self.device, self.microphone = device, None
        if microphone is not None:
            _check_same_system(device, microphone.device)
        rate = _checked("sample_rate", sample_rate, device.default_rate, RATE_RANGE)
        block = int(_checked("block", block, DEFAULT_BLOCK, BLOCK_RANGE))
        addresses = callback_address, user_address
        if device.host_api == JACK:
            midi_options = midi_callback_address, midi, held
            self._stream = _open_jack(addresses, device, rate, midi_options, reached)
        else:
            self._stream = _open_portaudio(
                addresses, device, rate, block, microphone, reached
            )
            self.microphone = microphone
        self._callbacks = callbacks
        self._progress = (-1, 0.0)
        self._closed = False
        if microphone is not None and self.microphone is None:
            try:
                self.hear(microphone)
            except BaseException:
                self.close()
                raise

    def hear(self, microphone: Microphone | None) -> bool:
        """Change the input while the stream runs, None: no input.

        False if the driver cannot: then it takes a new stream. Raises DeviceError.
        """
        if microphone == self.microphone:
            return True
        if self._closed:
            raise DeviceError("a closed stream hears nothing; open a new one")
        if self.device.host_api != JACK:
            return microphone is None
        if microphone is None:
            self._stream.hear_nothing()
        else:
            _check_same_system(self.device, microphone.device)
            self._stream.hear(microphone.device.name, microphone.channels)
        self.microphone = microphone
        return True

    @property
    def sample_rate(self) -> float:
        """What the device really runs at, in Hz."""
        return float(self._stream.sample_rate)

    @property
    def block(self) -> int:
        """Frames per callback."""
        return self._stream.block

    @property
    def latency_parts(self) -> LatencyParts:
        """The parts of the way out, in frames; known once started."""
        return LatencyParts(self._stream.device_latency(), self._stream.block)

    @property
    def midi_port(self) -> str:
        """Its own MIDI input, for other programs to play into; empty if it has none."""
        return self._stream.midi_port

    @property
    def held(self) -> int:
        """Bits: channels on which its MIDI may have left notes or the pedal down."""
        return self._stream.held

    def midi_sources(self) -> list[str]:
        """Names of the MIDI sources that are connected to it."""
        return self._stream.midi_sources()

    def poll_midi(self) -> list[Status]:
        """Look after its MIDI connections, about once a second; what changed."""
        return self._stream.poll_midi()

    def start(self) -> None:
        """Let the device call."""
        if self._closed:
            raise DeviceError("a closed stream cannot start; open a new one")
        self._progress = (-1, time.monotonic())
        self._stream.start()

    def stop(self) -> None:
        """The callback is not called again."""
        if not self._closed:
            self._stream.stop()

    def close(self) -> bool:
        """Stop and free the device; False if the driver hangs and had to be left."""
        if self._closed:
            return True
        self._closed = True
        return self._stream.close()

    def alive(self) -> bool:
        """Whether it is started, its device is there, and callbacks keep coming."""
        if self._closed or not self._stream.active():
            return False
        if self._callbacks is None:
            return True
        count, since = self._progress
        if self._callbacks() != count:
            self._progress = self._callbacks(), time.monotonic()
            return True
        return time.monotonic() - since < PATIENCE_SECONDS


def _checked(
    name: str, value: float | None, default: float, allowed: tuple[int, int]
) -> float:
    value = default if value is None else value
    low, high = allowed
    if not low <= value <= high:
        raise DeviceError(f"{name} is {value:g}; allowed: {low} to {high}")
    return value


def _check_same_system(device: AudioDevice, microphone: AudioDevice) -> None:
    """Both sides of one stream run on one clock."""
    if device.host_api != microphone.host_api:
        raise DeviceError(
            f"{device.label} cannot play while {microphone.label} is heard; take an "
            f"input of {device.host_api}"
        )


def _open_portaudio(
    addresses: tuple[int, int],
    device: AudioDevice,
    rate: float,
    block: int,
    microphone: Microphone | None,
    reached: object,
) -> portaudio.PortAudioStream:
    output = current_index(device) if device.outputs else None
    source = current_index(microphone.device) if microphone else None
    inputs = microphone.channels if microphone else 0
    return portaudio.PortAudioStream(
        *(*addresses, output, rate, block, source, inputs), reached=reached
    )


def _open_jack(
    addresses: tuple[int, int],
    device: AudioDevice,
    rate: float,
    midi_options: tuple[int, str | None, int],
    reached: object,
) -> JackStream:
    from rtaudio_dl.io.jack.stream import JackStream

    stream = JackStream(*addresses, device.name, *midi_options, reached)
    if stream.sample_rate != rate:
        actual = stream.sample_rate
        stream.close()
        raise DeviceError(
            f"sample_rate is {rate:g} Hz but the JACK server runs at {actual} Hz; "
            "leave it out to take the server's"
        )
    return stream
