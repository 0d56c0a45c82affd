"""Augmentation changes what it is told to, by itself and reproducibly."""

import numpy as np
import pytest
import tensorflow as tf

from training.audio.dice import Dice
from training.tasks.wavegan.augment import augment

SEED = tf.constant([5, 6])
DICE = Dice(SEED)


def clicks(count: int = 64) -> tf.Tensor:
    """Sounds of 512 frames with one click in the middle."""
    audio = np.zeros((count, 512), np.float32)
    audio[:, 256] = 0.5
    return tf.constant(audio)


def changed(chance: float, seed=SEED) -> np.ndarray:
    return augment(clicks(), tf.constant(chance), Dice(seed)).numpy()


def test_chance_zero_changes_nothing():
    assert np.array_equal(changed(0.0), clicks().numpy())


def test_chance_one_changes_nearly_all():
    untouched = (changed(1.0) == clicks().numpy()).all(axis=1)
    assert untouched.mean() < 0.1


def test_each_sound_is_changed_on_its_own():
    assert len(np.unique(changed(1.0).round(4), axis=0)) > 48


def test_same_seed_same_changes():
    assert np.array_equal(changed(0.5), changed(0.5))
    assert not np.array_equal(changed(0.5), changed(0.5, tf.constant([5, 7])))


def test_a_shift_brings_zeros_in():
    audio = tf.ones([32, 512])
    moved = augment(audio, tf.constant(1.0), DICE).numpy()
    assert (moved == 0.0).any(axis=1).mean() > 0.8


@pytest.mark.parametrize("chance", [0.3, 1.0])
def test_level_stays_in_range(chance):
    """9 dB of gain and half a sample's worth of tilt, at most."""
    assert np.abs(changed(chance)).max() <= 0.5 * 10 ** (9 / 20) * 1.5


def test_gradients_pass_through():
    audio = clicks()
    with tf.GradientTape() as tape:
        tape.watch(audio)
        total = tf.reduce_sum(augment(audio, tf.constant(1.0), DICE) ** 2)
    assert np.abs(tape.gradient(total, audio).numpy()).max() > 0
