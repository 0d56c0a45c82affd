"""Dice: the same name, the same numbers; another name, others."""

import numpy as np
import pytest
import tensorflow as tf

from training.audio.dice import Dice

NAMES = ("gain", "gain at all", "shift", "tilt", "niag", "a", "b")


def dice(*seed: int) -> Dice:
    return Dice(tf.constant(seed, tf.int32))


def numbers(made: Dice, name: str) -> np.ndarray:
    return made.uniform(name, [64]).numpy()


def test_a_name_is_a_seed():
    found = [numbers(dice(3, 4), name) for name in NAMES]
    again = [numbers(dice(3, 4), name) for name in NAMES]
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))
    assert len({f.tobytes() for f in found}) == len(NAMES)


def test_no_two_steps_share_their_numbers():
    """As ``seed + 37`` would do between step 0 and step 37 of two seeds."""
    found = [
        numbers(dice(seed, step), name)
        for seed in (1, 2)
        for step in range(50)
        for name in NAMES[:4]
    ]
    assert len({f.tobytes() for f in found}) == len(found)


def test_dice_that_are_handed_on_are_others():
    made = dice(1, 2)
    assert not np.array_equal(numbers(made, "a"), numbers(made.of("a"), "a"))


def test_whole_numbers_include_both_ends():
    found = dice(5, 6).whole("shift", [1_000], -2, 2).numpy()
    assert set(found.tolist()) == {-2, -1, 0, 1, 2}


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_chosen_is_as_frequent_as_asked(chance):
    assert dice(7, 8).chosen("x", 10_000, chance).numpy().mean() == pytest.approx(
        chance, abs=0.02
    )


@pytest.mark.parametrize("alpha", [0.2, 0.4, 1.0, 3.0])
def test_beta_has_its_mean_and_variance(alpha):
    found = dice(9, 1).beta("ratio", 40_000, alpha).numpy()
    assert 0.0 <= found.min() and found.max() <= 1.0
    assert found.mean() == pytest.approx(0.5, abs=0.01)
    assert found.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.03)
