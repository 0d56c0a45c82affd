"""Audio devices: which there are, and which one a name means."""

from __future__ import annotations

from dataclasses import dataclass

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.audio import portaudio
from rtaudio_dl.io.jack import libjack
from rtaudio_dl.io.midi.ports import JACK
from rtaudio_dl.io.names import choices, choose

AUTO, JACK_ALONE, PORTAUDIO = BACKENDS = ("auto", "jack", "portaudio")
# PortAudio's own default on Windows is MME, which adds a tenth of a second.
_PREFERRED_HOST_APIS = ("Windows WASAPI",)


@dataclass(frozen=True)
class AudioDevice:
    """A device: ``inputs`` and ``outputs`` in channels, rate in Hz, latency in s.

    ``index`` is its place in the list until the next rescan; ``latency`` is what the
    driver promises for low-latency output, or input where it has no output.
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
            latency=device["default_low_output_latency"]
            if device["max_output_channels"]
            else device["default_low_input_latency"],
        )
        for index, device in enumerate(sd.query_devices())
    ]


def _jack_devices(first_index: int) -> list[AudioDevice]:
    try:
        client = libjack.Client("rtaudio_dl-list")
    except DeviceError:
        return []
    try:
        sources, targets = client.capture_sources(), client.playback_targets()
        return [
            AudioDevice(
                index=first_index + i,
                name=name,
                host_api=JACK,
                inputs=len(sources.get(name, ())),
                outputs=len(targets.get(name, ())),
                default_rate=float(client.sample_rate),
                latency=client.period / client.sample_rate,
            )
            for i, name in enumerate(dict.fromkeys((*targets, *sources)))
        ]
    finally:
        client.close()


def find_output(name: str | None = None, backend: str = AUTO) -> AudioDevice:
    """The output that a name means: words of its label, or its number in the list.

    None means the default: JACK's hardware when a server runs, else the system's.
    ``backend`` leaves only those of ``jack`` or ``portaudio``; the latter, asked for by
    name, finds JACK servers as well. Raises DeviceError that lists the choices if no
    output matches, or several do.
    """
    return _find(name, backend, "output")


def find_input(name: str | None = None, backend: str = AUTO) -> AudioDevice:
    """The input that a name means, as `find_output`."""
    return _find(name, backend, "input")


def _find(name: str | None, backend: str, side: str) -> AudioDevice:
    if backend not in BACKENDS:
        raise DeviceError(f"backend is {backend!r}; allowed: {', '.join(BACKENDS)}")
    if backend == PORTAUDIO:
        portaudio.show_jack()
    if name is None:
        return _default(backend, side)
    listed = {
        AUTO: list_audio_devices,
        JACK_ALONE: lambda: _jack_devices(0),
        PORTAUDIO: _portaudio_devices,
    }
    devices = [device for device in listed[backend]() if _channels(device, side)]
    if name.strip().isdecimal():
        found = [device for device in devices if device.index == int(name)]
        found = found or choose(name, devices, _label, side)
    else:
        found = choose(name, devices, _label, side)
    if len(found) > 1:
        raise DeviceError(
            f"{name!r} matches several {side}s; say more: {choices(found, _label)}"
        )
    return found[0]


def _channels(device: AudioDevice, side: str) -> int:
    return device.outputs if side == "output" else device.inputs


def _label(device: AudioDevice) -> str:
    return device.label


def _default(backend: str, side: str) -> AudioDevice:
    jack = [] if backend == PORTAUDIO else _jack_devices(0)
    jack = [device for device in jack if _channels(device, side)]
    if jack:
        return jack[0]
    if backend == JACK_ALONE:
        raise DeviceError(
            f"no JACK server with an {side} runs; start it, or take another backend"
        )
    sd = portaudio.sounddevice()
    there = [device for device in _portaudio_devices() if _channels(device, side)]
    if not there:
        raise DeviceError(
            f"no audio {side} found; connect one, or start a JACK server: "
            "jackd -r -d dummy needs no hardware"
        )
    by_index = {device.index: device for device in there}
    preferred = [
        api[f"default_{side}_device"]
        for api in sd.query_hostapis()
        if api["name"] in _PREFERRED_HOST_APIS
    ]
    indices = [
        *preferred,
        sd.default.device[side],
        sd.query_hostapis(0)[f"default_{side}_device"],
    ]
    return next((by_index[i] for i in indices if i in by_index), there[0])


def find_player(name: str | None = None, backend: str = AUTO) -> AudioDevice:
    """The output that a name means; without any output, the default input.

    So a computer that can only hear is a device, too.
    """
    try:
        return find_output(name, backend)
    except DeviceError:
        if name is not None:
            raise
        try:
            return find_input(None, backend)
        except DeviceError:
            pass
        raise


def current_index(device: AudioDevice) -> int:
    """PortAudio's number of a device now: a rescan numbers anew, the name stays."""
    same = [
        other.index
        for other in _portaudio_devices()
        if (other.name, other.host_api) == (device.name, device.host_api)
    ]
    if not same:
        raise DeviceError(f"{device.label} is not there; connect it, or choose another")
    return device.index if device.index in same else same[0]
