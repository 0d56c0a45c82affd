"""Streams on a real JACK server, and PortAudio where it has a device."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.audio.devices import list_audio_devices
from rtaudio_dl.io.audio.stream import AudioDevice, AudioStream, Microphone, find_output
from rtaudio_dl.io.jack.libjack import AUDIO, Client
from rtaudio_dl.io.midi.ports import Status
from tests.disturbed import undisturbed
from tests.io.jack import native
from tests.io.jack.native import BLOCK, CALLS, MESSAGE, MESSAGES, RAMP
from tests.jack import PERIOD, RATE, ROOT, JackProbe, until

OUR_OUTPUTS = "^rtaudio_dl:out_"


@pytest.fixture
def counts():
    return native.new_counts()


@pytest.fixture
def stream(jack_server, counts):
    with_counter = {"callbacks": lambda: int(counts[CALLS])}
    stream = AudioStream(
        native.ramp.address, counts.ctypes.data, find_output(), **with_counter
    )
    yield stream
    stream.close()


@pytest.mark.jack
def test_every_frame_of_the_callback_is_heard_once(stream, jack_probe):
    stream.start()
    jack_probe.connect_audio(OUR_OUTPUTS)
    audio, _ = undisturbed(jack_probe, lambda: jack_probe.run(frames=20_000))
    steps = np.diff(audio[:, 0].astype(np.float64)) * RAMP
    assert set(np.round(steps)) <= {1.0, -RAMP + 1.0}
    assert np.array_equal(audio[:, 0], -audio[:, 1])


@pytest.mark.jack
def test_the_server_decides_rate_and_block(stream, counts):
    stream.start()
    until(lambda: counts[CALLS] > 3)
    assert stream.sample_rate == RATE
    assert stream.block == counts[BLOCK] == PERIOD
    assert stream.latency_parts.block == PERIOD
    assert stream.latency_parts.device >= PERIOD
    assert stream.alive()


@pytest.mark.jack
def test_stop_and_close_may_be_repeated(stream, counts):
    stream.start()
    until(lambda: counts[CALLS] > 0)
    stream.stop()
    stream.stop()
    assert not stream.alive()
    calls = int(counts[CALLS])
    stream.start()
    until(lambda: counts[CALLS] > calls)
    assert stream.close()
    calls = int(counts[CALLS])
    assert stream.close()
    time.sleep(0.05)
    assert counts[CALLS] == calls
    with pytest.raises(DeviceError, match="closed stream"):
        stream.start()


@pytest.mark.jack
def test_the_default_output_is_jack_s_hardware(jack_server):
    device = find_output()
    assert device.label == "system (JACK)"
    assert (device.outputs, device.default_rate) == (2, RATE)


@pytest.mark.jack
def test_outputs_are_found_by_words_and_by_number(jack_server):
    listed = list_audio_devices()
    device = next(d for d in listed if d.label == "system (JACK)")
    assert find_output("jack SYS") == device
    assert find_output(str(device.index)) == device


@pytest.mark.jack
def test_two_outputs_that_match_are_both_named(jack_server, jack_probe):
    with pytest.raises(DeviceError, match=r"several.*system \(JACK\), probe-record"):
        find_output("jack")


@pytest.mark.jack
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sample_rate": 44_100}, "44100 Hz but the JACK server runs at 48000"),
        ({"sample_rate": 1}, "allowed: 8000 to 192000"),
        ({"block": 7}, "block is 7; allowed: 16 to 8192"),
    ],
)
def test_what_the_server_cannot_do_is_an_error(jack_server, counts, changes, message):
    addresses = native.ramp.address, counts.ctypes.data
    with pytest.raises(DeviceError, match=message):
        AudioStream(*addresses, find_output(), **changes)


@pytest.mark.jack
def test_a_target_that_has_gone_is_an_error(jack_server, counts):
    gone = AudioDevice(0, "gone", "JACK", 0, 2, RATE, 0.0)
    with pytest.raises(DeviceError, match="no 'gone' to play to; there are: system"):
        AudioStream(native.ramp.address, counts.ctypes.data, gone)


def test_a_name_without_a_device_lists_what_there_is(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "there is none of this name")
    with pytest.raises(DeviceError, match="no output matches 'theremin'; there are: "):
        find_output("theremin")


# --- MIDI in the cycle of the audio


@pytest.fixture
def clicking(jack_server, counts):
    addresses = native.click.address, counts.ctypes.data
    midi = {"midi_callback_address": native.heard.address}
    stream = AudioStream(*addresses, find_output(), **midi)
    stream.start()
    yield stream
    stream.close()


@pytest.mark.jack
def test_a_message_is_heard_at_its_very_frame(clicking, jack_probe):
    jack_probe.connect_midi(f"^{clicking.midi_port}$")
    jack_probe.connect_audio(OUR_OUTPUTS)
    frames = list(np.cumsum(np.arange(150, 250)))
    sent = [(int(f), (0x90, 60, 1)) for f in frames]
    audio, _ = undisturbed(jack_probe, lambda: jack_probe.run(sent, 21_000))
    assert list(np.flatnonzero(audio[:, 0])) == frames


@pytest.mark.jack
def test_messages_come_with_their_bytes(clicking, counts, jack_probe):
    jack_probe.connect_midi(f"^{clicking.midi_port}$")
    clock, alive = (0xF8,), (0xFE,)  # the one is brought, the other tells nothing
    sent = [(0, (0x93, 60, 99)), (200, clock), (300, alive), (400, (0xC2, 7))]
    jack_probe.run(sent, 1000)
    until(lambda: counts[MESSAGES] >= 3)
    assert counts[MESSAGES] == 3
    assert counts[MESSAGE] == 0xC2 | 7 << 8


@pytest.mark.jack
def test_a_source_that_went_has_its_notes_ended(clicking, counts, jack_server):
    assert clicking.poll_midi() == [
        Status("virtual", "JACK", f"JACK port {clicking.midi_port}")
    ]
    with JackProbe(jack_server, name="other") as probe:
        probe.connect_midi(f"^{clicking.midi_port}$")
        assert clicking.poll_midi() == [Status("connected", "other-send:midi")]
        assert clicking.midi_sources() == ["other-send:midi"]
        probe.run([(0, (0x95, 60, 1))], 500)
        until(lambda: counts[MESSAGES] == 1)
    until(lambda: clicking.poll_midi() == [Status("lost", "other-send:midi")])
    until(lambda: counts[MESSAGES] == 3)
    assert counts[MESSAGE] == 0xB5 | 123 << 8
    assert clicking.midi_sources() == []


@pytest.mark.jack
def test_a_stream_without_a_midi_callback_has_no_port(stream):
    stream.start()
    assert stream.midi_port == ""
    assert stream.poll_midi() == []


# --- PortAudio

PORTAUDIO = """
import sys, time
from rtaudio_dl.io.audio import stream as audio
from rtaudio_dl.io.audio import portaudio
portaudio.show_jack()  # the only device here
from tests.disturbed import undisturbed
from tests.io.jack import native
counts = native.new_counts()
device = next(d for d in audio.list_audio_devices() if "Connection Kit" in d.host_api)
callbacks = lambda: int(counts[native.CALLS])
stream = audio.AudioStream(native.ramp.address, counts.ctypes.data, device,
                           callbacks=callbacks)
stream.start()
end = time.monotonic() + 10
while callbacks() < 20 and time.monotonic() < end:
    time.sleep(0.01)
assert callbacks() >= 20 and counts[native.BLOCK] == stream.block == 128
assert stream.alive() and stream.sample_rate == 48000
assert stream.midi_port == ""
assert stream.latency_parts.block == 128
assert not audio.rescan()  # PortAudio holds a JACK client: ending it may abort
stream.stop()
assert not stream.alive()
assert stream.close() and stream.close()
print("fine")
"""


@pytest.mark.jack
def test_portaudio_calls_the_same_callback(jack_server):
    done = jack_server.run(
        [sys.executable, "-c", PORTAUDIO], capture_output=True, text=True
    )
    assert done.stdout.split()[-1:] == ["fine"], done.stderr


@pytest.mark.jack
def test_portaudio_sees_no_jack_server(jack_server):
    assert not [d for d in list_audio_devices() if "Connection Kit" in d.host_api]
    assert os.environ["JACK_DEFAULT_SERVER"] == jack_server.name


def test_portaudio_may_look_for_devices_again():
    code = (
        "from rtaudio_dl.io.audio.devices import list_audio_devices as listed; "
        "from rtaudio_dl.io.audio.stream import rescan; "
        "before = rescan(), listed(); print(before == (rescan(), listed()), before[0])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "True True\n"


@pytest.mark.parametrize(
    "module",
    [
        "io.audio.devices",
        "io.audio.stream",
        "io.audio.supervisor",
        "io.keyboard.keys",
        "io.midi.reader",
        "io.shared",
        "recording.recorder",
    ],
)
def test_importing_starts_nothing(module):
    code = f"import sys, rtaudio_dl.{module}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert not {"sounddevice", "rtmidi", "soundfile"} & set(done.stdout.split())


@pytest.mark.jack
def test_a_stream_that_cannot_hear_leaves_no_client(jack_server, counts):
    device = find_output()
    too_many = Microphone(device, 100)
    with pytest.raises(ValueError):
        AudioStream(
            native.ramp.address, counts.ctypes.data, device, microphone=too_many
        )
    client = Client("looks")
    assert not [p for p in client.ports(AUDIO) if p.startswith("rtaudio_dl")]
    client.close()


@pytest.mark.jack
def test_a_closed_stream_hears_nothing(stream):
    stream.close()
    assert stream.hear(None)
    with pytest.raises(DeviceError, match="closed stream hears nothing"):
        stream.hear(Microphone(find_output(), 1))


@pytest.mark.jack
def test_what_a_source_held_is_told_and_ended_in_the_next_stream(
    clicking, counts, jack_probe
):
    jack_probe.connect_midi(f"^{clicking.midi_port}$")
    sent = [(0, (0xB3, 64, 127)), (9, (0xB4, 64, 0)), (18, (0x95, 60, 1))]
    jack_probe.run(sent, frames=1000)
    until(lambda: counts[MESSAGES] == 3)
    clicking.close()
    assert clicking.held == 1 << 3 | 1 << 5
    addresses = native.click.address, counts.ctypes.data, find_output()
    midi = {"midi_callback_address": native.heard.address, "held": clicking.held}
    following = AudioStream(*addresses, **midi)
    following.start()
    until(lambda: counts[MESSAGES] == 3 + 4)  # pedal and notes off, on two channels
    assert following.held == 0
    following.close()
