"""Ears on a real JACK server: what a probe plays in is told, and answered."""

import numpy as np
import pytest
import soundfile

from rtaudio_dl.core.control import asked_value
from rtaudio_dl.errors import DeviceError, EngineError, PatchError
from rtaudio_dl.host.live import LiveHost
from rtaudio_dl.kinds.classifier.listener import listen_file
from rtaudio_dl.patches.ears import Ears, Trigger
from rtaudio_dl.patches.patch import Key
from rtaudio_dl.recording.replay import Replay
from tests.disturbed import undisturbed
from tests.engine.rig import make_patch
from tests.jack import PERIOD, RATE, JackServer, lines_of, until
from tests.models.models import write_loudness, write_oneshot

pytestmark = pytest.mark.jack
OUR_INPUTS, OUR_OUTPUTS = "^rtaudio_dl:in_", "^rtaudio_dl:out_"
LOOK = round(0.002 * RATE)  # frames from a stroke to its onset's decision


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    extra = {"hop_seconds": 0.02}
    ears = write_loudness(folder / "ears.onnx", 400, extra=extra)
    return {"ears": ears, "sound": write_oneshot(folder / "sound.onnx")}


@pytest.fixture
def host(jack_server):
    with LiveHost(provider="cpu") as host:
        yield host


def strokes(*places, seconds=1.0, level=0.8):
    """Short loud tones in very soft noise."""
    sound = 1e-4 * np.random.default_rng(0).standard_normal(round(seconds * RATE))
    tone = np.cos(0.2 * np.arange(3000)) * np.exp(-np.arange(3000) / 900)
    for place in places:
        sound[place : place + 3000] += level * tone
    return sound.astype(np.float32)


def patch_of(models, labels, model="onset", **fields):
    keys = {60: Key()}
    ears = Ears(model, labels)
    return make_patch("ears", keys, model=str(models["sound"]), ears=ears, **fields)


def facts_of(event, start=0):
    """All of an event, its frames counted from a start."""
    frames = (event.frame, round(event.begin * RATE), round(event.end * RATE))
    rest = event.label, event.on, event.confidence, event.level
    return *(frame - start for frame in frames), *rest


def test_live_events_are_those_of_the_file_frame_for_frame(
    host, jack_probe, models, tmp_path
):
    sound = strokes(7000, 23_011, 39_333)

    def play():
        listener = host.listen(models["ears"], onset=True)
        jack_probe.connect_sound(OUR_INPUTS)
        _, _ = jack_probe.run(frames=len(sound) + 4800, sound=sound)
        heard = listener.events()
        start = int(listener.classifier.memory.state["start"][0])
        counts = listener.counts()
        listener.close()
        assert counts["dropped_hops"] == counts["gaps"] == counts["input_dropped"] == 0
        return start, heard

    start, heard = undisturbed(jack_probe, play)
    first = next(event for event in heard if event.label == "onset")
    silence = round(first.begin * RATE) - start - 7000  # before the sound began
    path = tmp_path / "same.wav"
    same = np.concatenate([np.zeros(silence, np.float32), sound])
    soundfile.write(path, same, RATE, "FLOAT")
    told = list(listen_file(path, models["ears"], onset=True, provider="cpu"))
    assert [facts_of(event, start) for event in heard] == [facts_of(e) for e in told]
    assert sum(event.on for event in heard) == 6
    for event in heard:
        assert event.published - event.frame < 0.2 * RATE


def test_a_stroke_plays_a_key_in_its_own_cycle(host, jack_probe, models):
    host.load(patch_of(models, {"onset": Trigger(60)}))
    jack_probe.connect_sound(OUR_INPUTS)
    jack_probe.connect_audio(OUR_OUTPUTS)
    places = [9000, 21_000, 33_000]

    def play():
        return jack_probe.run(frames=RATE, sound=strokes(*places))[0]

    audio = np.abs(undisturbed(jack_probe, play)).max(axis=1)
    for place in places:
        sounds = place + np.argmax(audio[place : place + 4800] > 1e-4)
        assert LOOK < sounds - place <= LOOK + 2 * PERIOD


def test_a_label_plays_a_key_and_a_flight_recording_has_it(
    jack_server, jack_probe, models, tmp_path
):
    flight, take = tmp_path / "ears.flight", tmp_path / "take.wav"
    with LiveHost(provider="cpu") as host:
        host.record_flight(flight)
        labels = {"loud": Trigger(60, velocity="confidence"), "onset": Trigger(60)}
        host.load(patch_of(models, labels, model=str(models["ears"])))
        jack_probe.connect_sound(OUR_INPUTS)
        host.record(take)
        jack_probe.run(frames=RATE, sound=strokes(9000, 30_000))
        until(lambda: host.counts()["notes"] == 4)
        host.stop_recording()
    replay = Replay(flight, provider="cpu")
    rendered = replay.render()
    recorded, _ = soundfile.read(take, dtype="float32")
    ((first, _),) = replay.taps
    np.testing.assert_array_equal(rendered[first : first + len(recorded)], recorded)
    assert np.abs(recorded).max() > 0.01


def test_nothing_listens_until_it_is_asked_for(host, jack_probe, models):
    assert jack_probe.ports(OUR_INPUTS) == []
    listener = host.listen(models["ears"], channels=(2,))
    assert len(jack_probe.ports(OUR_INPUTS)) == 2
    until(lambda: listener.counts()["runs"] > 3)
    listener.close()
    listener.close()
    assert jack_probe.ports(OUR_INPUTS) == []
    assert not asked_value(host.engine.input_switch)
    with host.listen("onset") as again:
        assert again.labels == ("onset",)
        assert len(jack_probe.ports(OUR_INPUTS)) == 2


def test_one_model_at_a_time_listens(host, models):
    host.listen("onset")
    with pytest.raises(EngineError, match="listens with 'onset' already; close"):
        host.listen("onset")
    with pytest.raises(EngineError, match="one model at a time"):
        host.load(patch_of(models, {"loud": Trigger(60)}, model=str(models["ears"])))
    assert host.instruments == {}


def test_a_label_that_the_model_has_not_is_an_error(host, models):
    patch = patch_of(models, {"quiet": Trigger(60)}, model=str(models["ears"]))
    with pytest.raises(PatchError, match="no label 'quiet'; there are: loud, onset"):
        host.load(patch)
    assert host.instruments == {}


def test_inputs_that_are_not_there_are_an_error(host):
    with pytest.raises(
        DeviceError, match=r"channels are \(3,\); system \(JACK\) has 2"
    ):
        host.listen("onset", channels=(3,))
    assert host.listener is None


def test_an_unloaded_patch_is_played_no_more(host, models):
    patch = host.load(patch_of(models, {"onset": Trigger(60)}))
    assert host.engine.onset_key[0] == 60
    host.unload(patch)
    assert host.engine.onset_key[0] == -1


LOSING = """
import sys, time
from rtaudio_dl.host.live import LiveHost

with LiveHost(say=lambda line: print(line, flush=True)) as host:
    listener = host.listen("onset")
    while True:
        before = listener.counts()["input_frames"]
        time.sleep(0.1)
        if listener.counts()["input_frames"] > before:
            print("hears", flush=True)
"""


def test_a_microphone_that_is_lost_is_heard_again_when_it_returns(jack_server):
    with JackServer() as server, lines_of(server, LOSING) as wait_for:
        wait_for("hears")
        server.kill()
        wait_for("audio device lost")
        server.start()
        wait_for("audio device is back")
        wait_for("hears")
