"""Batches depend on the seed and their number only; classes are balanced as asked."""

import numpy as np
import pytest

from tests.training.tasks.wavegan import tiny
from training.data import numbered, prepare
from training.tasks.wavegan import batches


def take(settings, start: int, count: int, worker: int = 0) -> list:
    sounds = prepare.load(settings.data)
    made = batches.dataset(settings, sounds, start, 4, worker)
    return [[x.numpy() for x in batch] for batch in made.take(count)]


def test_shapes(drums):
    audio, classes, seed = take(tiny.config(drums, training={"critics": 3}), 0, 1)[0]
    assert audio.shape == (3, 4, tiny.FRAMES) and audio.dtype == np.float32
    assert classes.shape == (3, 4, 2)
    assert seed.shape == (2,)


def test_starting_later_gives_the_same_batches(drums):
    settings = tiny.config(drums)
    whole, rest = take(settings, 0, 5), take(settings, 3, 2)
    for a, b in zip(whole[3:], rest, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_workers_and_seeds_see_other_batches(drums):
    first = take(tiny.config(drums), 0, 1)[0][0]
    assert not np.array_equal(first, take(tiny.config(drums), 0, 1, worker=1)[0][0])
    other = tiny.config(drums, training={"seed": 2})
    assert not np.array_equal(first, take(other, 0, 1)[0][0])


@pytest.mark.parametrize("balance, share", [(0.0, 0.1), (0.5, 0.25), (1.0, 0.5)])
def test_balance_lifts_the_rare_class(balance, share):
    classes = np.repeat([0, 1], [90, 10])
    chances = numbered.sampling(classes, balance)
    assert chances[classes == 1].sum() == pytest.approx(share, abs=1e-3)


def test_only_training_sounds_are_seen(drums):
    settings = tiny.config(drums)
    sounds = prepare.load(settings.data)
    allowed = {row.tobytes() for row in sounds.floats(sounds.rows("train"))}
    seen = {row.tobytes() for b in take(settings, 0, 20) for row in b[0][0]}
    assert seen <= allowed and len(seen) > 10
