"""Batch normalisation of a network that was read back from an ONNX file."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf


def measured(network: keras.Model, features: tf.Tensor) -> None:
    """Give each normalisation the mean and variance of what it sees, (B, T, bands, 1).

    An export folds them into factors and offsets: read back, every mean is 0 and every
    variance 1. What the network computes stays as it is; without this it would be
    another one as soon as training normalises by the batch. A network that has means
    is left alone.
    """
    norms = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    if not norms or any(np.any(norm.moving_mean.numpy()) for norm in norms):
        return
    # All at once: what one of them sees does not change when another is measured.
    seen = keras.Model(network.input, [norm.input for norm in norms])(features)
    for norm, values in zip(norms, seen, strict=True):
        _measure(norm, np.asarray(tf.cast(values, tf.float32)))


def _measure(norm: keras.layers.BatchNormalization, values: np.ndarray) -> None:
    axis = norm.axis % values.ndim
    others = tuple(i for i in range(values.ndim) if i != axis)
    mean, variance = values.mean(axis=others), values.var(axis=others)
    factor = norm.gamma.numpy()
    norm.beta.assign(norm.beta.numpy() + factor * mean)
    norm.gamma.assign(factor * np.sqrt(variance + norm.epsilon))
    norm.moving_mean.assign(mean)
    norm.moving_variance.assign(variance)
