"""A trained network over windows of one length, part by part."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from training.tasks.classify.front import Front

PART = 64  # windows at a time, where nothing is learned


class Scorer:
    """Waveforms to logits."""

    def __init__(self, front: Front, net: keras.Model):
        def run(part: tf.Tensor) -> tf.Tensor:
            return net(front(part)[..., None], training=False)

        self._run = tf.function(run, autograph=False, reduce_retracing=True)

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """Logits (n, classes) of windows (n, frames) float32."""
        parts = [audio[i : i + PART] for i in range(0, len(audio), PART)]
        return np.concatenate([np.asarray(self._run(tf.constant(p))) for p in parts])
