"""The losses against their definitions on critics that are known."""

import numpy as np
import pytest
import tensorflow as tf

from training.audio.dice import Dice
from training.tasks.wavegan import losses

KINDS = ["wgan-gp", "nonsaturating"]
DICE = Dice(tf.constant([1, 2]))


def logits(*values: float) -> tf.Tensor:
    return tf.constant(values, tf.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_a_critic_that_is_right_loses_less(kind):
    right = losses.critic_loss(kind, logits(2, 3), logits(-2, -3))
    wrong = losses.critic_loss(kind, logits(-2, -3), logits(2, 3))
    assert right < wrong


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_that_convinces_loses_less(kind):
    convincing = losses.generator_loss(kind, logits(3.0))
    assert convincing < losses.generator_loss(kind, logits(-3.0))


def test_undecided_critic_costs_two_log_two():
    loss = losses.critic_loss("nonsaturating", logits(0, 0), logits(0, 0))
    assert float(loss) == pytest.approx(2 * np.log(2))


@pytest.mark.parametrize(
    "kind, slope, expected",
    [
        ("wgan-gp", 1.0, 0.0),
        ("wgan-gp", 3.0, 4.0),
        ("nonsaturating", 0.0, 0.0),
        ("nonsaturating", 3.0, 4.5),
    ],
)
def test_penalty_of_a_linear_critic(kind, slope, expected):
    direction = tf.constant([[0.6], [0.8]])

    def score(view):
        return slope * tf.matmul(view, direction)[:, 0]

    real, fake = tf.ones([4, 2]), tf.zeros([4, 2])
    found = losses.penalty(kind, score, real, fake, DICE)
    assert float(found) == pytest.approx(expected, abs=1e-4)


def test_spectral_distance_is_zero_only_at_home():
    random = np.random.default_rng(1)
    a, b = (tf.constant(random.normal(-5, 1, (2, 9, 4)), tf.float32) for _ in "ab")
    assert float(losses.spectral_distance(a, a)) < 1e-3
    assert float(losses.spectral_distance(a, b)) > 0.1
