"""Clips come out equal in length, level and onset, and are cached once."""

import numpy as np
import pytest
import soundfile

from tests.training.tasks.wavegan import tiny
from training.data import prepare
from training.errors import DataError
from training.run.files import write_atomically


@pytest.fixture
def data(drums):
    return tiny.config(drums).data


def test_clips_have_one_length_and_peak(data):
    sounds = prepare.load(data)
    audio = sounds.floats(sounds.rows("train", "valid", "test"))
    assert audio.shape == (36, tiny.FRAMES)
    assert np.abs(audio).max(axis=1) == pytest.approx(data.peak, abs=1e-3)


def test_onsets_are_aligned_and_ends_are_silent(data):
    sounds = prepare.load(data)
    for clip in sounds.floats(np.arange(len(sounds.audio))):
        assert prepare.onset(clip, data.onset_db) <= data.pre_onset + 2
        assert abs(clip[0]) < 0.02 and abs(clip[-1]) < 1e-3


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100])
def test_resampling_keeps_the_pitch(data, rate):
    t = np.arange(rate) / rate
    clip = prepare.condition(np.sin(2 * np.pi * 440 * t).astype(np.float32), rate, data)
    peak_bin = np.abs(np.fft.rfft(clip * np.hanning(len(clip)))).argmax()
    assert peak_bin * tiny.RATE / len(clip) == pytest.approx(440, abs=8)


def test_stereo_is_mixed_down(data):
    mono = tiny.drum("kick", 1)
    stereo = np.stack([mono, mono], axis=1)
    assert np.array_equal(
        prepare.condition(mono, tiny.RATE, data),
        prepare.condition(stereo, tiny.RATE, data),
    )


@pytest.mark.parametrize(
    "audio, message",
    [
        (np.zeros(0), "empty"),
        (np.zeros(100), "silent"),
        (np.full(100, np.nan), "not finite"),
    ],
)
def test_useless_clips_are_refused(data, audio, message):
    with pytest.raises(ValueError, match=message):
        prepare.condition(audio, tiny.RATE, data)


def test_unreadable_files_are_named_and_skipped(tmp_path):
    source = tiny.write_drums(tmp_path / "drums", kits=3, each=1)
    (source / "kick" / "kit0" / "broken.wav").write_bytes(b"not a sound")
    soundfile.write(source / "hat" / "kit1" / "mute.wav", np.zeros(500), tiny.RATE)
    sounds = prepare.load(tiny.config(tmp_path).data)
    assert len(sounds.clips) == 6
    assert sorted(s.split(":")[0] for s in sounds.skipped) == [
        "hat/kit1/mute.wav",
        "kick/kit0/broken.wav",
    ]


def test_nothing_readable_is_an_error(tmp_path):
    path = tmp_path / "drums" / "kick" / "kit" / "a.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no")
    with pytest.raises(DataError, match="no readable training sound.*a.wav"):
        prepare.load(tiny.config(tmp_path).data)


def test_cache_gives_the_same_and_is_used(tmp_path):
    tiny.write_drums(tmp_path / "drums", kits=3)
    data = tiny.config(tmp_path).data
    first, visited = prepare.load(data), []

    def watch(clips):
        visited.extend(clips)
        return clips

    second = prepare.load(data, watch)
    assert not visited
    assert np.array_equal(first.audio, second.audio)
    assert (first.clips, first.labels, first.digest) == (
        second.clips,
        second.labels,
        second.digest,
    )


def test_cache_knows_parameters_and_files(tmp_path):
    source = tiny.write_drums(tmp_path / "drums", kits=3)
    digests = {prepare.load(tiny.config(tmp_path).data).digest}
    digests.add(prepare.load(tiny.config(tmp_path, data={"peak": 0.5}).data).digest)
    soundfile.write(source / "kick" / "kit1" / "0.wav", tiny.drum("kick", 77), 8_000)
    digests.add(prepare.load(tiny.config(tmp_path).data).digest)
    assert len(digests) == 3


@pytest.mark.parametrize("spoilt", [b"spoilt", b"PK\x03\x04 a broken archive"])
def test_a_spoilt_cache_is_explained(tmp_path, spoilt):
    tiny.write_drums(tmp_path / "drums", kits=3)
    data = tiny.config(tmp_path).data
    prepare.load(data)
    (path,) = (tmp_path / "cache").glob("*.npz")
    path.write_bytes(spoilt)
    with pytest.raises(DataError, match="not a cache of sounds.*delete it"):
        prepare.load(data)


def test_only_training_sounds_get_further_speeds(drums):
    sounds = prepare.load(tiny.config(drums, data={"speeds": [0.5, 2.0]}).data)
    train, plain = sounds.rows("train", augmented=True), sounds.rows("train")
    assert len(train) == 3 * len(plain)
    held_out = sounds.rows("valid", "test")
    assert len(held_out) == len(sounds.rows("valid", "test", augmented=True)) > 0
    assert not set(train) & set(held_out)


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    def fail(file):
        file.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError):
        write_atomically(tmp_path / "a.npz", fail)
    assert list(tmp_path.iterdir()) == []
