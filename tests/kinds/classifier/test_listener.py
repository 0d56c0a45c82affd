"""Listening to files: any format, the same events however they are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from rtaudio_dl.engine.input import INPUT
from rtaudio_dl.errors import AudioFileError, EngineError, ModelError
from rtaudio_dl.kinds.classifier.listener import (
    FileListener,
    choose_channels,
    listen_file,
)
from tests.models.models import write_loudness, write_oneshot

CLIPS = Path(__file__).parents[2] / "clips"
RATE = 48_000


@pytest.fixture(scope="module")
def loudness(tmp_path_factory):
    return write_loudness(tmp_path_factory.mktemp("models") / "loudness.onnx")


def write(path, sound, rate: int = RATE, **options) -> Path:
    soundfile.write(path, sound, rate, options.pop("subtype", "FLOAT"), **options)
    return path


def taps(*seconds: float, rate: int = RATE, length: float = 2.0) -> np.ndarray:
    sound = 1e-4 * np.random.default_rng(0).standard_normal(round(length * rate))
    for second in seconds:
        place, size = round(second * rate), round(0.05 * rate)
        time = np.arange(size) / rate
        tone = np.exp(-time / 0.01) * np.cos(2 * np.pi * 700 * time)
        sound[place : place + size] += 0.8 * tone
    return sound


def test_taps_are_told_in_time_with_their_labels(tmp_path):
    events = list(listen_file(write(tmp_path / "taps.wav", taps(0.5, 1.2)), "onset"))
    assert [e.on for e in events] == [True, False] * 2
    assert {e.label for e in events} == {"onset"}
    assert [e.begin for e in events if e.on] == pytest.approx([0.5, 1.2], abs=1e-3)
    assert all(0 < e.time - e.begin < 0.005 for e in events if e.on)
    assert all(e.level == pytest.approx(0.8, abs=0.1) for e in events)


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_any_rate_and_number_of_channels_gives_the_same_times(
    tmp_path, loudness, rate, channels
):
    sound = np.repeat(taps(0.5, 1.2, rate=rate)[:, None], channels, axis=1)
    path = write(tmp_path / "taps.wav", sound, rate)
    events = list(listen_file(path, loudness, onset=True))
    begins = [e.begin for e in events if e.on and e.label == "onset"]
    louds = [e.time for e in events if e.on and e.label == "loud"]
    assert begins == pytest.approx([0.5, 1.2], abs=1e-3)
    assert louds == pytest.approx([0.51, 1.21], abs=0.015)


@pytest.mark.parametrize("name", ["a.flac", "a.ogg"])
def test_other_formats_are_heard(tmp_path, name):
    path = tmp_path / name
    soundfile.write(path, taps(0.5), RATE)
    assert [e.on for e in listen_file(path, "onset")] == [True, False]


def test_one_channel_alone_may_be_heard(tmp_path):
    sound = np.stack([taps(0.5), taps(1.2)], axis=1)
    path = write(tmp_path / "two.wav", sound)
    (first, _) = listen_file(path, "onset", channels=(2,))
    assert first.begin == pytest.approx(1.2, abs=1e-3)


def test_a_sound_at_the_very_end_is_told_and_ended(tmp_path, loudness):
    sound = np.concatenate([np.zeros(RATE), 0.9 * np.cos(0.1 * np.arange(400))])
    events = list(listen_file(write(tmp_path / "end.wav", sound), loudness))
    assert [e.on for e in events] == [True, False]


def test_what_is_on_at_the_end_of_all_is_ended(tmp_path, loudness):
    path = write(tmp_path / "on.wav", np.ones(RATE) * 0.9)
    never = {"release": 0}
    events = list(listen_file(path, loudness, settings=never, dc=True))
    assert [e.on for e in events] == [True, False]


def test_blocks_let_scores_and_progress_be_seen(tmp_path, loudness):
    path = write(tmp_path / "taps.wav", taps(0.5))
    with FileListener(path, loudness) as listener:
        listener.trace()
        times, done = [], []
        for _ in listener.blocks():
            times += listener.score_rows()[0].tolist()
            done.append(listener.done)
        assert len(times) == listener.counts()["runs"]
    assert np.diff(times) == pytest.approx(0.01, abs=1e-3)
    assert done == sorted(done) and done[-1] == listener.seconds == 2.0


def test_nan_in_a_file_is_silence_and_counted(tmp_path):
    sound = taps(0.5)
    sound[1000:1010] = np.nan
    with FileListener(write(tmp_path / "nan.wav", sound), "onset") as listener:
        assert [e.on for e in listener] == [True, False]
        assert listener.counts()["input_not_finite"] == 10


def test_a_word_is_heard_as_it_was_said():
    for word in ("yes", "stop", "right", "go"):
        events = [e for e in listen_file(CLIPS / f"{word}.flac", "commands") if e.on]
        assert word in [e.label for e in events]
        assert all(0 <= e.begin < e.end <= e.time + 1e-9 for e in events)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"model": "nobody"}, ModelError, "no model 'nobody'"),
        ({"channels": (2,)}, EngineError, r"channels are \(2,\); the input has 1 to 1"),
        ({"channels": ()}, EngineError, r"channels are \(\)"),
        ({"model": "onset", "settings": {"hold_seconds": 1}}, EngineError, "onset_ra"),
        ({"model": "onset", "onset_ratio": 0.5}, EngineError, "onset_ratio is 0.5"),
        ({"settings": {"hold": 1}}, ModelError, r"no setting \['hold'\]"),
    ],
)
def test_what_cannot_be_is_one_clear_error(tmp_path, options, error, message):
    path = write(tmp_path / "taps.wav", taps(0.5))
    with pytest.raises(error, match=message):
        FileListener(path, **{"model": "commands"} | options)


def test_a_model_that_makes_sounds_cannot_listen(tmp_path):
    model = write_oneshot(tmp_path / "sound.onnx")
    path = write(tmp_path / "taps.wav", taps(0.5))
    with pytest.raises(ModelError, match="of kind oneshot; allowed: classifier"):
        FileListener(path, model)


def test_a_file_that_is_none_is_an_error(tmp_path):
    with pytest.raises(AudioFileError, match="no such file"):
        FileListener(tmp_path / "gone.wav", "onset")


def test_channels_are_bits_and_mixed_alike():
    record = np.zeros(1, INPUT)
    choose_channels(record, 4, (2, 4, 4))
    assert (record["channels"][0], record["chosen"][0]) == (4, 0b1010)
    assert record["scale"][0] == 0.5
