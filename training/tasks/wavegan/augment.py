"""What the critics see: sounds shifted, inverted and scaled at random.

Real and generated sounds go through the same door, so that a critic cannot learn a
few hundred sounds by heart, and the generator never learns the changes themselves
(Karras et al., 2020: true for each change that is left out often enough).
"""

from __future__ import annotations

import tensorflow as tf

SHIFT = 256  # frames, to either side
GAIN_DB = 9.0
TILT = 0.5  # One-tap filter y[n] = x[n] + a x[n-1], a in -TILT..TILT.


def augment(audio: tf.Tensor, chance: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """(B, frames) -> (B, frames): each change befalls each sound with ``chance``."""
    audio = _shift(audio, chance, seed)
    count = tf.shape(audio)[0]
    flip = _chosen(count, chance, seed + 2)
    gain_db = _uniform(count, seed + 3, GAIN_DB) * _chosen(count, chance, seed + 4)
    gain = tf.pow(10.0, gain_db / 20.0) * (1.0 - 2.0 * flip * _coin(count, seed + 5))
    tilt = _uniform(count, seed + 6, TILT) * _chosen(count, chance, seed + 7)
    delayed = tf.pad(audio, [[0, 0], [1, 0]])[:, :-1]
    return (audio + tilt[:, None] * delayed) * gain[:, None]


def _shift(audio: tf.Tensor, chance: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Move each sound in time; zeros come in, for a sound must not wrap around."""
    count, frames = tf.shape(audio)[0], audio.shape[1]
    reach = min(SHIFT, frames // 8)
    shifts = tf.random.stateless_uniform([count], seed, -reach, reach + 1, tf.int32)
    shifts *= tf.cast(_chosen(count, chance, seed + 1), tf.int32)
    padded = tf.pad(audio, [[0, 0], [reach, reach]])
    index = tf.range(frames)[None, :] + (reach - shifts)[:, None]
    return tf.gather(padded, index, batch_dims=1)


def _chosen(count: tf.Tensor, chance: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.random.stateless_uniform([count], seed) < chance, tf.float32)


def _coin(count: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    return _chosen(count, tf.constant(0.5), seed)


def _uniform(count: tf.Tensor, seed: tf.Tensor, reach: float) -> tf.Tensor:
    return tf.random.stateless_uniform([count], seed, -reach, reach)
