"""Sounds are decoded once, as they are, and what cannot be read is named."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tests.training.tasks.classify import tiny
from training.data.manifest import Entry, Manifest
from training.errors import DataError
from training.tasks.classify import cache
from training.tasks.classify.config import Data

RATE = 8_000


@pytest.fixture
def root(tmp_path):
    (tmp_path / "sounds").mkdir()
    return tmp_path / "sounds"


def write(root, name, audio, rate=RATE) -> Entry:
    soundfile.write(root / name, audio, rate, subtype="FLOAT")
    return Entry(name, ("a",))


def load(root, *entries: Entry, **data) -> cache.Clips:
    made = Manifest("m", root, ("a",), entries)
    settings = {"cache": str(root.parent / "cache"), "sample_rate": RATE} | data
    return cache.load(made, Data(**settings))


def test_a_sound_is_what_it_was_to_16_bits(root):
    audio = tiny.sound("tone", 1)
    clips = load(root, write(root, "a.wav", audio))
    assert clips.audio[0][0].dtype == np.int16
    assert np.abs(clips.audio[0][0] / 32767.0 - audio).max() < 2e-5


def test_channels_are_averaged_and_rates_changed(root):
    mono = tiny.sound("tone", 1, 4_000)
    clips = load(root, write(root, "a.wav", np.stack([mono, 0 * mono], 1), 2 * RATE))
    (found,) = clips.audio[0]
    assert len(found) == 2_000
    assert found.std() / 32767 == pytest.approx(0.5 * mono.std(), rel=0.01)


def test_a_part_of_a_file_is_cut_out(root):
    whole = write(root, "a.wav", np.linspace(0, 0.5, RATE))
    part = replace(whole, start=0.25, seconds=0.5)
    (found,) = load(root, part).audio[0]
    assert len(found) == RATE // 2
    assert found[0] / 32767 == pytest.approx(0.125, abs=1e-3)


def test_speeds_change_length(root):
    clips = load(root, write(root, "a.wav", np.zeros(4_000)), speeds=(0.8, 1.25))
    assert [len(a[0]) for a in clips.audio] == [4_000, 5_000, 3_200]


@pytest.mark.parametrize(
    "content, problem",
    [(b"not a sound", "bad.wav: .*"), (b"", "bad.wav: .*"), (None, "bad.wav: .*")],
)
def test_what_cannot_be_read_is_named(root, content, problem):
    good = write(root, "a.wav", tiny.sound("tone", 1))
    if content is not None:
        (root / "bad.wav").write_bytes(content)
    clips = load(root, Entry("bad.wav", ("a",)), good)
    assert len(clips.problems) == 1 and clips.problems[0].startswith("bad.wav: ")
    assert list(clips.usable()) == [False, True]


def test_not_a_number_is_a_problem(root):
    clips = load(root, write(root, "a.wav", np.array([0.0, np.nan])))
    assert clips.problems == ("a.wav: empty or not finite",)


def test_a_path_out_of_the_folder_is_refused(root):
    write(root.parent, "secret.wav", tiny.sound("tone", 1))
    (root / "link.wav").symlink_to(root.parent / "secret.wav")
    assert "outside" in load(root, Entry("link.wav", ("a",))).problems[0]


def test_the_cache_is_used_and_a_torn_one_is_completed(root, monkeypatch):
    monkeypatch.setattr(cache, "SHARD", 2)
    entries = [write(root, f"{n}.wav", tiny.sound("tone", n)) for n in range(5)]
    made = []
    monkeypatch.setattr(
        cache,
        "_make",
        lambda jobs, _: [made.append(j.path.name) or cache._write(j) for j in jobs],
    )
    first = load(root, *entries)
    assert made == ["shard-00000.npy", "shard-00001.npy", "shard-00002.npy"]
    made.clear()
    next((root.parent / "cache").rglob("shard-00001.json")).unlink()
    again = load(root, *entries)
    assert made == ["shard-00001.npy"]
    pairs = zip(first.audio[0], again.audio[0], strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_several_processes_make_the_same(root, monkeypatch):
    entries = [write(root, f"{n}.wav", tiny.sound("tone", n)) for n in range(4)]
    one = load(root, *entries, cache=str(root.parent / "one"))
    monkeypatch.setattr(cache, "SHARD", 2)
    two = load(root, *entries, cache=str(root.parent / "two"))
    pairs = zip(one.audio[0], two.audio[0], strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_a_changed_file_is_decoded_again(root):
    entry = write(root, "a.wav", tiny.sound("tone", 1))
    first = load(root, entry)
    write(root, "a.wav", tiny.sound("tone", 1, 3_000))
    again = load(root, entry)
    assert first.digest != again.digest and len(again.audio[0][0]) == 3_000


def test_a_spoilt_cache_is_explained(root):
    entry = write(root, "a.wav", tiny.sound("tone", 1))
    load(root, entry)
    next((root.parent / "cache").rglob("*.npy")).write_bytes(b"spoilt")
    with pytest.raises(DataError, match="not a cache of sounds"):
        load(root, entry)
