"""Dice by name: what is random in a step, from its seed and a word for each throw.

Two throws of different names never share their numbers, in one step or in two; with
seeds to which a number is added (``seed + 37``) that is left to care.
"""

from __future__ import annotations

from functools import cache
from zlib import crc32

import numpy as np
import tensorflow as tf
from scipy.special import betaincinv

QUANTILES = 2049  # of a distribution in a table


class Dice:
    """Dice of a step; ``seed`` (2,) int32 or int64, a tensor or an array.

    The same seed, name and shape give the same numbers, whatever else was thrown.
    """

    def __init__(self, seed: tf.Tensor):
        self.seed = tf.cast(seed, tf.int32)

    def of(self, name: str) -> Dice:
        """Dice of their own, to hand on: names below them are theirs."""
        return Dice(self._seed(name))

    def uniform(self, name: str, shape, low: float = 0.0, high: float = 1.0):
        """Even numbers from ``low`` to below ``high``, float32."""
        return tf.random.stateless_uniform(shape, self._seed(name), low, high)

    def whole(self, name: str, shape, low: int, high: int) -> tf.Tensor:
        """Even whole numbers from ``low`` to ``high``, both included, int32."""
        return tf.random.stateless_uniform(
            shape, self._seed(name), low, high + 1, tf.int32
        )

    def normal(self, name: str, shape) -> tf.Tensor:
        """Numbers of the normal distribution, float32."""
        return tf.random.stateless_normal(shape, self._seed(name))

    def beta(self, name: str, count, alpha: float) -> tf.Tensor:
        """``count`` numbers 0..1 of the distribution Beta(alpha, alpha), float32.

        By a table of its quantiles: XLA cannot compile TensorFlow's gamma.
        """
        place = self.uniform(name, [count], 0.0, QUANTILES - 1.0)
        below = tf.minimum(tf.floor(place), QUANTILES - 2.0)
        table = tf.constant(_quantiles(alpha))
        index = tf.cast(below, tf.int32)
        low, high = tf.gather(table, index), tf.gather(table, index + 1)
        return low + (place - below) * (high - low)

    def chosen(self, name: str, count, chance) -> tf.Tensor:
        """1 for about ``chance`` of ``count`` examples, 0 for the others, float32."""
        return tf.cast(self.uniform(name, [count]) < chance, tf.float32)

    def _seed(self, name: str) -> tf.Tensor:
        # Whole numbers wrap around, as they do in every hash.
        return self.seed + np.array([_word(name), _word(name[::-1])], np.int32)


def _word(name: str) -> np.int32:
    return np.array(crc32(name.encode()), np.uint32).view(np.int32)[()]


@cache
def _quantiles(alpha: float) -> np.ndarray:
    return betaincinv(alpha, alpha, np.linspace(0, 1, QUANTILES)).astype(np.float32)
