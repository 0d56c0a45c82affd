"""What critics see, how they shuffle, and that they look at the class."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from rtaudio_dl.features import LogMel, log_mel
from tests.training.tasks.wavegan import tiny
from training.run import config as reading
from training.tasks.wavegan import critics
from training.tasks.wavegan.learner import parameters

PAPER = Path(__file__).parents[4] / "configs" / "wavegan_paper.toml"
SEED = tf.constant([1, 2])


def test_published_size():
    """The figure of the published TensorFlow code at dim 64, to 1 %."""
    critic = critics.WaveCritic(reading.load(PAPER))
    view = critic.view(tf.zeros([1, 16_384]))
    assert critic(view, tf.zeros([1, 1]), SEED).shape == (1,)
    assert parameters(critic) == pytest.approx(17.43e6, rel=0.01)


@pytest.mark.parametrize("window", [32, 64])
@pytest.mark.parametrize("bands", [0, 16])
def test_layer_is_the_numpy_reference(window, bands):
    spec = LogMel(tiny.RATE, window, window // 2, bands)
    audio = np.random.default_rng(4).uniform(-1, 1, (3, 512)).astype(np.float32)
    found = critics.LogMelLayer(spec)(tf.constant(audio)).numpy()
    assert np.abs(found - log_mel(audio, spec)).max() < 1e-3


def test_phase_shuffle_moves_by_whole_frames_and_mirrors():
    ramp = tf.reshape(tf.range(1.0, 11.0), [1, 10, 1])
    rows = {
        tuple(critics.phase_shuffle(ramp, 2, tf.constant([0, i])).numpy().ravel())
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
