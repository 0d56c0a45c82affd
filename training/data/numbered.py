"""Batches that are functions of their number, so that a resumed run sees the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

AHEAD = 4  # batches made while another is trained on
LAST = np.iinfo(np.int32).max


def dataset(start: int, batch: Callable[[tf.Tensor], Any]) -> tf.data.Dataset:
    """``batch(number)``, made of TensorFlow's operations, from ``start`` on."""
    numbers = tf.data.Dataset.range(start, LAST)
    return _ordered(numbers.map(batch, tf.data.AUTOTUNE))


def of_arrays(start: int, make: Callable[[int], Any]) -> tf.data.Dataset:
    """``make(number)``, a nest of NumPy arrays of fixed shapes, from ``start`` on."""
    first = make(start)
    flat = [np.asarray(array) for array in tf.nest.flatten(first)]

    def batch(number: tf.Tensor) -> Any:
        made = tf.numpy_function(
            lambda n: [np.asarray(a) for a in tf.nest.flatten(make(int(n)))],
            [number],
            [array.dtype for array in flat],
        )
        shaped = [
            tf.ensure_shape(x, array.shape) for x, array in zip(made, flat, strict=True)
        ]
        return tf.nest.pack_sequence_as(first, shaped)

    # One after another: what NumPy makes holds the interpreter anyway.
    return _ordered(tf.data.Dataset.range(start, LAST).map(batch))


def base(seed: int, worker: int) -> int:
    """The first number of the seed of a worker's batches; the second is the batch's."""
    return seed * 7919 + worker


def sampling(classes: np.ndarray, balance: float) -> np.ndarray:
    """Probability of each row: 0 all rows alike, 1 all classes alike; float32."""
    counts = np.bincount(classes)[classes].astype(np.float64)
    weights = counts**-balance
    return (weights / weights.sum()).astype(np.float32)


def _ordered(made: tf.data.Dataset) -> tf.data.Dataset:
    options = tf.data.Options()
    options.deterministic = True
    # Each worker makes its own batches: nothing is to be shared out.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return made.prefetch(AHEAD).with_options(options)
