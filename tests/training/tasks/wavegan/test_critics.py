"""What critics see, how they shuffle, and that they look at the class."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.training.tasks.wavegan import tiny
from training.audio.dice import Dice
from training.run.learner import parameters
from training.tasks.wavegan import critics
from training.tasks.wavegan.config import Config

PAPER = Path(__file__).parents[4] / "configs" / "wavegan_paper.toml"
SEED = tf.constant([1, 2])


def test_published_size():
    """The figure of the published TensorFlow code at dim 64, to 1 %."""
    critic = critics.WaveCritic(Config.load(PAPER))
    view = critic.view(tf.zeros([1, 16_384]))
    assert critic(view, tf.zeros([1, 1]), SEED).shape == (1,)
    assert parameters(critic) == pytest.approx(17.43e6, rel=0.01)


def test_phase_shuffle_moves_by_whole_frames_and_mirrors():
    ramp = tf.reshape(tf.range(1.0, 11.0), [1, 10, 1])
    rows = {
        tuple(critics.phase_shuffle(ramp, 2, Dice(tf.constant([0, i]))).numpy().ravel())
        for i in range(40)
    }
    padded = np.pad(np.arange(1.0, 11.0), 2, mode="reflect")
    assert rows == {tuple(padded[i : i + 10]) for i in range(5)}


def test_the_class_matters(tmp_path):
    keras.utils.set_random_seed(1)
    audio = tf.repeat(tf.random.stateless_normal([1, tiny.FRAMES], SEED), 2, axis=0)
    for critic in critics.critics(tiny.config(tmp_path)):
        scores = critic(critic.view(audio), tf.eye(2), SEED).numpy()
        assert scores[0] != scores[1]
