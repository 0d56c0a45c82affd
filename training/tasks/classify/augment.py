"""What happens to training windows, inside the graph, each example by its own dice.

In the order of a sound's way: what the source does (level), the air (noise, room), the
microphone (equalisation), then what helps learning only (warp, mixup, masks). Room and
mixing act on power per band: sounds that are not related add their power.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from training.audio.dice import Dice
from training.audio.pcm import INT16
from training.tasks.classify.config import Augment, Config

CURVES = 4  # half-cosines over the bands
LEAST_LEVEL = 1e-3  # Noise in silence is this loud at 0 dB, -60 dB of full scale.
DC = 0.05


class Augmenter:
    """Changes of a step, all from its dice; every method is pure."""

    def __init__(self, config: Config, feature_frames: int):
        self.augment: Augment = config.augment
        self.frames, self.bands = feature_frames, config.front.bands
        place = (np.arange(self.bands) + 0.5) / self.bands
        waves = np.cos(np.pi * np.outer(np.arange(1, CURVES + 1), place))
        self.curves = tf.constant(waves, tf.float32)

    def waveform(self, audio: tf.Tensor, noise: tf.Tensor, dice: Dice):
        """(B, N) int16 sounds and noises to (B, N) float32 mixtures at random levels.

        May leave -1..1: the front end clips, as a converter does.
        """
        a, count = self.augment, tf.shape(audio)[0]
        audio = tf.cast(audio, tf.float32) / INT16
        noise = tf.cast(noise, tf.float32) / INT16
        ratio_db = _between(dice, "ratio", count, a.snr_low_db, a.snr_high_db)
        level = tf.maximum(_rms(audio), LEAST_LEVEL) / tf.maximum(_rms(noise), 1e-6)
        level *= tf.pow(10.0, -ratio_db / 20.0) * dice.chosen("noise", count, a.noise)
        gain_db = _between(dice, "gain", count, -a.gain_db, a.gain_db)
        gain = tf.pow(10.0, gain_db / 20.0)
        mixed = (audio + level[:, None] * noise) * gain[:, None]
        offset = _between(dice, "offset", count, -DC, DC)
        offset *= dice.chosen("offset at all", count, 0.1)
        return mixed + offset[:, None]

    def power(self, power: tf.Tensor, target: tf.Tensor, dice: Dice):
        """Room, equalisation and mixup of mel power (B, T, F) and targets (B, C)."""
        power = self._room(power, dice.of("room"))
        power *= self._equaliser(power, dice)
        return self._mixup(power, target, dice.of("mixup"))

    def features(self, features: tf.Tensor, dice: Dice) -> tf.Tensor:
        """Frequency warp and masks (SpecAugment, Park et al., 2019) of (B, T, F)."""
        a = self.augment
        if a.warp:
            features = self._warp(features, dice)
        fill = tf.reduce_mean(features, axis=[1, 2], keepdims=True)
        for i in range(a.frequency_masks):
            own = dice.of(f"bands {i}")
            mask = _mask(features, self.bands, a.frequency_width, own)
            features = tf.where(mask[:, None, :], fill, features)
        for i in range(a.time_masks):
            own = dice.of(f"frames {i}")
            mask = _mask(features, self.frames, a.time_width, own)
            features = tf.where(mask[:, :, None], fill, features)
        return features

    def _room(self, power: tf.Tensor, dice: Dice) -> tf.Tensor:
        """A diffuse tail: noise that decays exponentially (Polack's model), as power.

        ``share`` of the energy arrives late, decaying by ``decay`` each feature frame.
        """
        count = tf.shape(power)[0]
        decay = _between(dice, "decay", count, 0.6, 0.95)[:, None, None]
        share = _between(dice, "share", count, 0.05, 0.6)[:, None, None]
        share *= dice.chosen("at all", count, self.augment.room)[:, None, None]
        steps = np.arange(self.frames)
        lag = tf.constant(steps[:, None] - steps, tf.float32)[None]
        tail = tf.where(lag > 0, tf.pow(decay, tf.maximum(lag - 1, 0)), 0.0)
        tail *= 1.0 - decay
        direct = tf.eye(self.frames)[None]
        return tf.matmul((1.0 - share) * direct + share * tail, power)

    def _equaliser(self, power: tf.Tensor, dice: Dice) -> tf.Tensor:
        """A smooth random gain over the bands, (B, 1, F)."""
        reach = self.augment.eq_db / 10.0 * np.log(10.0) / np.sqrt(CURVES)
        shape = [tf.shape(power)[0], CURVES]
        weights = dice.uniform("equaliser", shape, -reach, reach)
        return tf.exp(tf.matmul(weights, self.curves))[:, None, :]

    def _mixup(self, power: tf.Tensor, target: tf.Tensor, dice: Dice):
        """Add the next example of the batch (Zhang et al., 2018; Tokozume, 2018)."""
        a, count = self.augment, tf.shape(power)[0]
        ratio = dice.beta("ratio", count, a.mixup_alpha)
        ratio = tf.maximum(ratio, 1.0 - ratio)
        other = (1.0 - ratio) * dice.chosen("at all", count, a.mixup)
        wide, narrow = other[:, None, None], other[:, None]
        power = (1.0 - wide) * power + wide * tf.roll(power, 1, 0)
        return power, (1.0 - narrow) * target + narrow * tf.roll(target, 1, 0)

    def _warp(self, features: tf.Tensor, dice: Dice) -> tf.Tensor:
        """Stretch the bands: vocal tract length perturbation (Jaitly & Hinton, 2013).

        Linear interpolation between bands, as one small matrix per example.
        """
        count = tf.shape(features)[0]
        reach = self.augment.warp
        factor = 1.0 + _between(dice, "warp", count, -reach, reach)
        bands = tf.range(self.bands, dtype=tf.float32)
        source = tf.minimum(bands * factor[:, None], self.bands - 1.0)
        distance = tf.abs(bands[None, :, None] - source[:, None, :])
        return tf.matmul(features, tf.maximum(0.0, 1.0 - distance))


def _mask(features: tf.Tensor, size: int, widest: int, dice: Dice) -> tf.Tensor:
    """(B, size) bool: a run of 0 to ``widest`` places."""
    count = tf.shape(features)[0]
    width = _between(dice, "width", count, 0.0, min(widest, size // 2) + 0.999)
    start = _between(dice, "start", count, 0.0, 1.0) * (size - width)
    place = tf.range(size, dtype=tf.float32)[None]
    return (place >= tf.floor(start)[:, None]) & (
        place < tf.floor(start)[:, None] + tf.floor(width)[:, None]
    )


def _rms(audio: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(tf.reduce_mean(audio * audio, axis=1))


def _between(
    dice: Dice, name: str, count: tf.Tensor, low: float, high: float
) -> tf.Tensor:
    return dice.uniform(name, [count], low, high + 1e-9)
