"""Batches of real sounds, each a pure function of the seed and its number.

So a resumed run sees the very batches that an unbroken one would have seen.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from training.audio.pcm import INT16
from training.data import numbered
from training.data.prepare import Dataset
from training.tasks.wavegan.config import Config


def dataset(
    config: Config, sounds: Dataset, start: int, replica_batch: int, worker: int = 0
) -> tf.data.Dataset:
    """Endless (audio, classes, seed) from batch number ``start`` on.

    Shapes: (critics, replica_batch, frames) float32, (critics, replica_batch, K)
    float32 one-hot, (2,) int32 for everything random in the step.
    """
    rows = sounds.rows("train", augmented=True)
    classes = sounds.classes()[rows]
    audio = tf.constant(sounds.audio[rows])
    one_hot = tf.constant(one_hot_classes(classes, config, sounds))
    chances = numbered.sampling(classes, config.data.balance)
    logits = tf.constant(np.log(chances)[None, :])
    base = numbered.base(config.training.seed, worker)
    count = config.training.critics * replica_batch

    def batch(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        seed = tf.stack([tf.constant(base, tf.int32), tf.cast(number, tf.int32)])
        picked = tf.random.stateless_categorical(logits, count, seed)[0]
        lead = [config.training.critics, replica_batch]
        chosen = tf.cast(tf.gather(audio, picked), tf.float32) / INT16
        return (
            tf.reshape(chosen, [*lead, audio.shape[1]]),
            tf.reshape(tf.gather(one_hot, picked), [*lead, one_hot.shape[1]]),
            seed,
        )

    return numbered.dataset(start, batch)


def one_hot_classes(classes: np.ndarray, config: Config, sounds: Dataset) -> np.ndarray:
    """(n, K) float32; an unconditional model has one class."""
    if not config.model.conditional:
        return np.ones((len(classes), 1), np.float32)
    return np.eye(len(sounds.labels), dtype=np.float32)[classes]
