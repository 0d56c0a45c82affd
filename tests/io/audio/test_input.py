"""Inputs on a real JACK server, and PortAudio where it has a device."""

import sys

import numpy as np
import pytest

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.audio import devices
from rtaudio_dl.io.audio.devices import find_player, list_audio_devices
from rtaudio_dl.io.audio.stream import (
    AudioDevice,
    AudioStream,
    Microphone,
    find_input,
    find_output,
)
from tests.disturbed import undisturbed
from tests.io.jack import native
from tests.io.jack.native import CALLS, FRAMES
from tests.jack import RATE, until

OUR_OUTPUTS = "^rtaudio_dl:out_"


@pytest.fixture
def counts():
    return native.new_counts()


@pytest.fixture
def echoing(jack_server, counts):
    stream = AudioStream(native.echo.address, counts.ctypes.data, find_output())
    stream.start()
    yield stream
    stream.close()


@pytest.mark.jack
def test_what_comes_in_is_heard_in_the_same_cycle(echoing, jack_probe):
    assert echoing.hear(Microphone(find_input(), 2))
    jack_probe.connect_sound("^rtaudio_dl:in_2")
    jack_probe.connect_audio(OUR_OUTPUTS)
    sound = np.random.default_rng(0).uniform(-1, 1, 20_000).astype(np.float32)
    audio, _ = undisturbed(
        jack_probe, lambda: jack_probe.run(frames=len(sound), sound=sound)
    )
    assert np.array_equal(audio[:, 1], sound)
    assert not audio[:, 0].any()


@pytest.mark.jack
def test_input_comes_and_goes_while_the_stream_runs(echoing, counts, jack_probe):
    until(lambda: counts[CALLS] > 3)
    assert counts[FRAMES] == 0
    for _ in range(3):
        assert echoing.hear(Microphone(find_input(), 2))
        assert len(jack_probe.ports("^rtaudio_dl:in_")) == 2
        before = int(counts[FRAMES])
        until(lambda before=before: counts[FRAMES] > before)
        assert echoing.hear(None)
        assert jack_probe.ports("^rtaudio_dl:in_") == []
    assert echoing.alive()


@pytest.mark.jack
def test_the_default_input_is_jack_s_hardware(jack_server, jack_probe):
    assert find_input().label == find_input("system").label == "system (JACK)"
    senders = [d for d in list_audio_devices() if d.inputs and not d.outputs]
    assert "probe-send (JACK)" in [device.label for device in senders]


def test_a_computer_without_an_output_may_hear(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "there is none of this name")
    with pytest.raises(DeviceError, match="no audio output found; connect one"):
        find_player()
    microphone = AudioDevice(0, "mic", "ALSA", 1, 0, RATE, 0.0)
    monkeypatch.setattr(devices, "find_input", lambda name, backend: microphone)
    assert find_player() == microphone
    with pytest.raises(DeviceError, match="no output matches 'theremin'"):
        find_player("theremin")


def test_an_input_of_another_system_is_an_error():
    output = AudioDevice(0, "out", "ALSA", 0, 2, RATE, 0.0)
    other = AudioDevice(1, "in", "JACK", 2, 0, RATE, 0.0)
    with pytest.raises(DeviceError, match="take an input of ALSA"):
        AudioStream(0, 0, output, microphone=Microphone(other, 1))


# --- PortAudio

HEARING = """
import sys, time
from dataclasses import replace
from rtaudio_dl.io.audio import stream as audio
from rtaudio_dl.io.audio import portaudio
portaudio.show_jack()  # the only device here
from tests.io.jack import native
counts = native.new_counts()
device = next(d for d in audio.list_audio_devices() if "Connection Kit" in d.host_api)
microphone = audio.Microphone(device, 2)
for device in (device, replace(device, outputs=0)):
    counts[:] = 0
    stream = audio.AudioStream(native.echo.address, counts.ctypes.data, device,
                               microphone=microphone)
    assert not stream.hear(audio.Microphone(device, 1))  # not while it runs
    stream.start()
    end = time.monotonic() + 10
    while counts[native.FRAMES] < 2000 and time.monotonic() < end:
        time.sleep(0.01)
    assert counts[native.FRAMES] >= 2000
    assert stream.latency_parts.device >= 0
    assert stream.close()
print("fine")
"""


@pytest.mark.jack
def test_portaudio_brings_input_with_or_without_output(jack_server):
    done = jack_server.run(
        [sys.executable, "-c", HEARING], capture_output=True, text=True
    )
    assert done.stdout.split()[-1:] == ["fine"], done.stderr


LISTENING = """
import time
from rtaudio_dl.host.live import LiveHost
with LiveHost("system", backend="portaudio") as host:
    for _ in range(2):
        listener = host.listen("onset", channels=(2,))
        end = time.monotonic() + 20
        seen = listener.counts()["input_frames"]
        while listener.counts()["input_frames"] < seen + 2000:
            assert time.monotonic() < end
            time.sleep(0.01)
        listener.close()
    blocks = host.counts()["blocks"]
    while host.counts()["blocks"] < blocks + 10:
        assert time.monotonic() < end
        time.sleep(0.01)
print("fine")
"""


@pytest.mark.jack
def test_a_host_that_plays_may_listen_later_through_portaudio(jack_server):
    done = jack_server.run(
        [sys.executable, "-c", LISTENING], capture_output=True, text=True, timeout=240
    )
    assert done.stdout.split()[-1:] == ["fine"], done.stderr
