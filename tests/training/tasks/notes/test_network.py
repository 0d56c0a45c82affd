"""What the decoder promises whatever its weights are."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.tasks.notes import network
from training.tasks.notes.config import Model
from training.tasks.notes.form import HELD_SECONDS, PARTIALS

MODEL = Model(timbre=4, width=16, layers=2, trait_width=8)


@pytest.fixture(scope="module")
def decoder():
    keras.utils.set_random_seed(5)
    decoder = network.build(MODEL)[1]
    for weight in decoder.weights:  # far from the start, as after a training
        weight.assign(weight + 0.3 * tf.random.normal(weight.shape))
    return decoder


def decode(decoder, on, off):
    one = tf.ones([1, 1])
    timbre = tf.constant([[0.5, -1.0, 2.0, 0.0]])
    on, off = tf.constant([on], tf.float32), tf.constant([off], tf.float32)
    levels, traits = decoder(64.0 * one, 0.7 * one, timbre, on, off)
    return levels.numpy()[0], {k: v.numpy()[0] for k, v in traits.items()}


def test_a_key_may_be_held_for_ever(decoder):
    levels, traits = decode(decoder, [HELD_SECONDS, 1e3, 1e4], [0, 0, 0])
    steady = -traits["fade"] <= network.STEADY_FADE
    assert steady.any()
    assert levels[2][steady] == pytest.approx(levels[0][steady], abs=1e-3)
    assert np.all(levels[1] <= levels[0] + 1e-3)


def test_a_released_note_ends(decoder):
    levels, _ = decode(decoder, [2.0, 2.0, 2.0], [0.0, 0.5, 20.0])
    assert np.all(levels[1] <= levels[0])
    assert levels[2].max() < -150


def test_the_first_partial_is_in_tune(decoder):
    _, traits = decode(decoder, [1.0], [0.0])
    assert traits["ratios"][0] == 0
    assert np.abs(traits["ratios"]).max() <= 0.5
    assert np.ptp(traits["ratios"][1:PARTIALS]) > 0


def test_levels_are_bounded(decoder):
    levels, _ = decode(decoder, list(np.geomspace(0.004, 100, 40)), [0.0] * 40)
    assert levels.max() <= network.MAX_DB


def test_time_stands_still_after_what_was_heard():
    bumps = network.time_bumps(tf.constant([[HELD_SECONDS, 2 * HELD_SECONDS, 0.0]]))
    assert np.array_equal(bumps[0, 0], bumps[0, 1])
    assert not np.array_equal(bumps[0, 0], bumps[0, 2])


def test_the_encoder_gives_mean_and_log_variance():
    encoder, _ = network.build(MODEL)
    mel = tf.random.normal([3, network.CELLS, network.SPEC.bands])
    mean, log_variance = encoder(mel, 60 * tf.ones([3, 1]), tf.ones([3, 1]))
    assert mean.shape == log_variance.shape == (3, MODEL.timbre)
