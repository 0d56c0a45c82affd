"""What all learners share."""

import pytest
import tensorflow as tf

from training.run.learner import divergence


def test_divergence_of_the_prior_is_zero():
    zero = tf.zeros([3, 5])
    assert float(divergence(zero, zero)) == 0.0
    assert float(divergence(zero + 1.0, zero)) == pytest.approx(2.5)
