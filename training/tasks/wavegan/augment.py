"""What the critics see: sounds shifted, inverted and scaled at random.

Real and generated sounds go through the same door, so that a critic cannot learn a
few hundred sounds by heart, and the generator never learns the changes themselves
(Karras et al., 2020: true for each change that is left out often enough).
"""

from __future__ import annotations

import tensorflow as tf

from training.audio.dice import Dice

SHIFT = 256  # frames, to either side
GAIN_DB = 9.0
TILT = 0.5  # One-tap filter y[n] = x[n] + a x[n-1], a in -TILT..TILT.


def augment(audio: tf.Tensor, chance: tf.Tensor, dice: Dice) -> tf.Tensor:
    """(B, frames) -> (B, frames): each change befalls each sound with ``chance``."""
    audio = _shift(audio, chance, dice)
    count = tf.shape(audio)[0]
    flip = dice.chosen("flip", count, chance)
    gain_db = dice.uniform("gain", [count], -GAIN_DB, GAIN_DB)
    gain_db *= dice.chosen("gain at all", count, chance)
    coin = dice.chosen("coin", count, 0.5)
    gain = tf.pow(10.0, gain_db / 20.0) * (1.0 - 2.0 * flip * coin)
    tilt = dice.uniform("tilt", [count], -TILT, TILT)
    tilt *= dice.chosen("tilt at all", count, chance)
    delayed = tf.pad(audio, [[0, 0], [1, 0]])[:, :-1]
    return (audio + tilt[:, None] * delayed) * gain[:, None]


def _shift(audio: tf.Tensor, chance: tf.Tensor, dice: Dice) -> tf.Tensor:
    """Move each sound in time; zeros come in, for a sound must not wrap around."""
    count, frames = tf.shape(audio)[0], audio.shape[1]
    reach = min(SHIFT, frames // 8)
    shifts = dice.whole("shift", [count], -reach, reach)
    shifts *= tf.cast(dice.chosen("shift at all", count, chance), tf.int32)
    padded = tf.pad(audio, [[0, 0], [reach, reach]])
    index = tf.range(frames)[None, :] + (reach - shifts)[:, None]
    return tf.gather(padded, index, batch_dims=1)
