"""Audio outputs: which there are, choosing one, and a stream that native code fills."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io import libjack, portaudio
from rtaudio_dl.io.names import choices, choose

JACK = "JACK"
OUTPUTS = 2
DEFAULT_BLOCK = 128  # frames
BLOCK_RANGE = (16, 8192)
RATE_RANGE = (8_000, 192_000)  # Hz
PATIENCE_SECONDS = 1.0  # without a callback, before a stream counts as dead
# PortAudio's own default on Windows is MME, which adds a tenth of a second.
_PREFERRED_HOST_APIS = ("Windows WASAPI",)


@dataclass(frozen=True)
class AudioDevice:
    """A device: ``inputs`` and ``outputs`` in channels, rate in Hz, latency in s.

    ``index`` is its place in the list until the next rescan; ``latency`` is what the
    driver promises for low-latency output.
    """

    index: int
    name: str
    host_api: str
    inputs: int
    outputs: int
    default_rate: float
    latency: float

    @property
    def label(self) -> str:
        """Name and host API, as a person chooses by."""
        return f"{self.name} ({self.host_api})"


@dataclass(frozen=True)
class LatencyParts:
    """Frames: ``block``, the longest that an event waits for the next callback, and
    ``device``, from there to the end of the driver's way."""

    device: int
    block: int


def list_audio_devices() -> list[AudioDevice]:
    """All devices of PortAudio, then those of a running JACK server.

    Raises DeviceError only if neither library can be used.
    """
    try:
        found = _portaudio_devices()
    except DeviceError:
        if not libjack.server_runs():
            raise
        found = []
    return found + _jack_devices(len(found))


def _portaudio_devices() -> list[AudioDevice]:
    sd = portaudio.sounddevice()
    apis = sd.query_hostapis()
    return [
        AudioDevice(
            index=index,
            name=device["name"],
            host_api=apis[device["hostapi"]]["name"],
            inputs=device["max_input_channels"],
            outputs=device["max_output_channels"],
            default_rate=device["default_samplerate"],
            latency=device["default_low_output_latency"],
        )
        for index, device in enumerate(sd.query_devices())
    ]


def _jack_devices(first_index: int) -> list[AudioDevice]:
    try:
        client = libjack.Client("rtaudio_dl-list")
    except DeviceError:
        return []
    try:
        sources = client.ports(libjack.AUDIO, libjack.IS_OUTPUT)
        clients = client.playback_targets()
        return [
            AudioDevice(
                index=first_index + i,
                name=name,
                host_api=JACK,
                inputs=sum(s.startswith(f"{name}:") for s in sources),
                outputs=len(ports),
                default_rate=float(client.sample_rate),
                latency=client.period / client.sample_rate,
            )
            for i, (name, ports) in enumerate(clients.items())
        ]
    finally:
        client.close()


def find_output(name: str | None = None) -> AudioDevice:
    """The output that a name means: words of its label, or its number in the list.

    None means the default: JACK's hardware when a server runs, else the system's.
    Raises DeviceError that lists the choices if no output matches, or several do.
    """
    if name is None:
        return _default_output()
    outputs = [device for device in list_audio_devices() if device.outputs]
    if name.strip().isdecimal():
        found = [device for device in outputs if device.index == int(name)]
        found = found or choose(name, outputs, _label, "output")
    else:
        found = choose(name, outputs, _label, "output")
    if len(found) > 1:
        raise DeviceError(
            f"{name!r} matches several outputs; say more: {choices(found, _label)}"
        )
    return found[0]


def _label(device: AudioDevice) -> str:
    return device.label


def _default_output() -> AudioDevice:
    jack = _jack_devices(0)
    if jack:
        return jack[0]
    sd = portaudio.sounddevice()
    outputs = [device for device in _portaudio_devices() if device.outputs]
    if not outputs:
        raise DeviceError(
            "no audio output found; connect one, or start a JACK server: "
            "jackd -r -d dummy needs no hardware"
        )
    by_index = {device.index: device for device in outputs}
    preferred = [
        api["default_output_device"]
        for api in sd.query_hostapis()
        if api["name"] in _PREFERRED_HOST_APIS
    ]
    indices = [
        *preferred,
        sd.default.device[1],
        sd.query_hostapis(0)["default_output_device"],
    ]
    return next((by_index[i] for i in indices if i in by_index), outputs[0])


def rescan() -> bool:
    """Look for devices that came or went; no stream may be open. False if it can't."""
    return portaudio.rescan()


class AudioStream:
    """A stereo float32 output that a C function fills, from a thread without the GIL.

    ``callback_address`` is a PaStreamCallback (interleaved output), called with
    ``user_address``; the caller keeps both alive until `close`. ``sample_rate`` in Hz
    and ``block`` in frames default to the device's; with JACK the server decides both.
    ``callbacks`` counts calls, for `alive`. Raises DeviceError if it does not open.
    """

    def __init__(
        self,
        callback_address: int,
        user_address: int,
        device: AudioDevice,
        sample_rate: float | None = None,
        block: int | None = None,
        callbacks: Callable[[], int] | None = None,
    ):
        self.device = device
        rate = _checked("sample_rate", sample_rate, device.default_rate, RATE_RANGE)
        block = int(_checked("block", block, DEFAULT_BLOCK, BLOCK_RANGE))
        if device.host_api == JACK:
            self._stream = _open_jack(callback_address, user_address, device, rate)
        else:
            index = _current_index(device)
            self._stream = portaudio.PortAudioStream(
                callback_address, user_address, index, rate, block
            )
        self._callbacks = callbacks
        self._progress = (-1, 0.0)
        self._closed = False

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


def _open_jack(callback: int, user: int, device: AudioDevice, rate: float):
    from rtaudio_dl.io.jack_audio import JackStream

    stream = JackStream(callback, user, device.name)
    if stream.sample_rate != rate:
        actual = stream.sample_rate
        stream.close()
        raise DeviceError(
            f"sample_rate is {rate:g} Hz but the JACK server runs at {actual} Hz; "
            "leave it out to take the server's"
        )
    return stream


def _current_index(device: AudioDevice) -> int:
    # A rescan numbers the devices anew; name and host API stay.
    same = [
        other.index
        for other in _portaudio_devices()
        if (other.name, other.host_api) == (device.name, device.host_api)
    ]
    if not same:
        raise DeviceError(f"{device.label} is not there; connect it, or choose another")
    return device.index if device.index in same else same[0]
