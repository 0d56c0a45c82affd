"""Batches are a function of seed and number; windows hold what their label says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.tasks.classify import tiny
from training.tasks.classify import batches, dataset


def take(config, sounds, start: int, count: int, size: int = 12):
    made = batches.dataset(config, sounds, start, size)
    return [[x.numpy() for x in batch] for batch in made.take(count)]


@pytest.fixture(scope="module")
def sounds(folder):
    return dataset.load(tiny.config(folder)).training_sounds()


def test_any_batch_can_be_made_alone(folder, sounds):
    config = tiny.config(folder)
    (later,) = take(config, sounds, 3, 1)
    unbroken = take(config, sounds, 0, 4)[3]
    assert all(np.array_equal(a, b) for a, b in zip(later, unbroken, strict=True))


def test_workers_and_numbers_differ(folder, sounds):
    config = tiny.config(folder)
    first, second = take(config, sounds, 0, 2)
    assert not np.array_equal(first[0], second[0])
    made = batches.dataset(config, sounds, 0, 12, worker=1)
    assert not np.array_equal(first[0], next(iter(made))[0])


def test_shapes_and_types(folder, sounds):
    audio, noise, classes, seed = take(tiny.config(folder), sounds, 5, 1)[0]
    assert audio.shape == noise.shape == (12, tiny.FRAMES)
    assert audio.dtype == noise.dtype == np.int16
    assert classes.shape == (12,) and list(seed) == [7919, 5]


def test_only_training_sounds_train(folder, sounds):
    made = dataset.load(tiny.config(folder))
    assert set(made.part[sounds.rows]) == {"train"}
    assert len(sounds.rows) == 27


def test_silence_joins_as_a_class_of_its_own(folder):
    config = tiny.config(folder, data={"silence": "none", "silence_share": 0.5})
    made = dataset.load(config)
    assert made.labels == (*tiny.LABELS, "none")
    classes = take(config, made.training_sounds(), 0, 1, size=200)[0][2]
    assert 70 < (classes == 3).sum() < 130


def test_a_short_clip_moves_about_and_is_whole(folder):
    config = tiny.config(folder, data={"frames": 3_000}, augment={"shift_seconds": 0})
    made = dataset.load(config)
    audio = take(config, made.training_sounds(), 0, 1)[0][0]
    starts = np.array([np.flatnonzero(np.abs(a) > 50)[0] for a in audio])
    assert len(set(starts)) > 6 and starts.max() < 1_100


def test_a_long_clip_is_cut_where_it_sounds():
    clip = np.zeros(10_000, np.int16)
    clip[4_000:4_500] = 9_000
    heard = [batches.audible(clip, start, 1_000) for start in (0, 3_500, 4_400, 4_600)]
    assert heard == [False, True, True, False]
    assert batches.audible(np.zeros(100, np.int16), 0, 50)


@given(st.integers(0, 40), st.integers(-60, 60), st.integers(1, 50))
def test_placing_is_indexing_with_zeros_outside(length, start, frames):
    clip = np.arange(1, length + 1, dtype=np.int16)
    index = np.arange(start, start + frames)
    wanted = [i + 1 if 0 <= i < length else 0 for i in index]
    assert list(batches.place(clip, start, frames)) == wanted


def test_noises_have_their_colours():
    noises = batches.coloured_noises(1, 8_000)
    white, brown = (
        np.abs(np.fft.rfft(n / 32767.0)) ** 2 for n in (noises[0], noises[-1])
    )
    low, high = slice(400, 1_000), slice(16_000, 30_000)
    assert white[low].mean() / white[high].mean() == pytest.approx(1, rel=0.3)
    assert brown[low].mean() / brown[high].mean() > 100
    assert max(np.abs(n.astype(int)).max() for n in noises) < 0.72 * 32767
