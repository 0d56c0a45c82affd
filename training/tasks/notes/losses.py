"""How far a decoded note is from the real one, in dB where ears count in dB."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from training.tasks.notes.form import BANDS, PARTIALS, TOP_HZ, band_edges
from training.tasks.notes.network import FADE_SCALE

WEIGHTS = {
    "partials": 1.0,
    "noise": 0.5,
    "envelope": 0.5,
    "loudness": 0.5,
    "ratios": 20.0,
    "wander": 2.0,
    "fade": 2.0,
}
PARTIAL_RANGE_DB = 70.0  # below a note's loudest partial nothing counts
NOISE_RANGE_DB = 80.0
LOUDNESS = 0.04  # nepers of weight per dB below the loudest of the moment
MOST_FADE = 100.0  # dB per second
POWER = np.float32(np.log(10.0) / 10.0)  # nepers of power per dB


def of_notes(
    levels: tf.Tensor, traits: dict[str, tf.Tensor], batch: dict[str, tf.Tensor]
) -> dict[str, tf.Tensor]:
    """Mean differences by name: levels in dB, the traits in their own units."""
    partial_db, noise_db = tf.split(levels, [PARTIALS, BANDS], axis=2)
    exists = _exists(batch["pitch"])
    peak = batch["peak"][..., None]
    floor = peak - PARTIAL_RANGE_DB
    wanted = _floored(batch["partials"], floor)
    weight = _weight(wanted) * exists[:, None]
    noise_floor = peak - NOISE_RANGE_DB
    wanted_noise = _floored(batch["noise"], noise_floor)
    found_noise = _floored(noise_db, noise_floor)
    # What matters of a partial's traits is where the partial is loud.
    loud = tf.reduce_max(wanted, axis=1)
    trait_weight = _weight(loud) * exists
    fades = _fade_weight(batch, peak[:, 0])
    together = tf.abs(
        _power(partial_db, noise_db, exists, floor)
        - _power(batch["partials"], batch["noise"], exists, floor)
    )
    return {
        "partials": _mean(tf.abs(_floored(partial_db, floor) - wanted), weight),
        "loudness": tf.reduce_mean(together),
        "noise": _mean(tf.abs(found_noise - wanted_noise), _weight(wanted_noise)),
        "envelope": _envelope_error(levels, batch, exists, noise_floor),
        "ratios": _mean(tf.abs(traits["ratios"] - batch["ratios"]), trait_weight),
        "wander": _mean(tf.abs(traits["wander"] - batch["wander"]), trait_weight),
        "fade": _mean(_fade_error(traits["fade"], batch["fade"]), fades),
    }


def _exists(pitch: tf.Tensor) -> tf.Tensor:
    """1 for the partials (B, PARTIALS) that lie below `TOP_HZ`."""
    fundamental = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
    orders = np.arange(1, PARTIALS + 1, dtype=np.float32)
    return tf.cast(fundamental * orders < TOP_HZ, tf.float32)


def _power(partials, noise, exists, floor) -> tf.Tensor:
    """Level of everything together at each moment, (B, T) in dB."""
    power = tf.reduce_sum(tf.exp(POWER * partials) * exists[:, None], axis=2)
    power += tf.reduce_sum(tf.exp(POWER * noise), axis=2)
    return tf.math.log(power + tf.exp(POWER * floor[..., 0])) / POWER


def _envelope_error(levels, batch, exists, floor) -> tf.Tensor:
    """Mean difference of what each band holds, partials and noise together, in dB."""
    wanted = tf.concat([batch["partials"], batch["noise"]], axis=2)
    fundamental = 440.0 * 2.0 ** ((batch["pitch"] - 69.0) / 12.0)
    hertz = fundamental * np.arange(1, PARTIALS + 1, dtype=np.float32)
    inner = band_edges()[1:-1].astype(np.float32)
    above = tf.reduce_sum(tf.cast(hertz[..., None] >= inner, tf.int32), axis=2)
    band = tf.one_hot(above, BANDS) * exists[..., None]

    def envelope(both: tf.Tensor) -> tf.Tensor:
        partials, noise = tf.split(tf.exp(POWER * both), [PARTIALS, BANDS], axis=2)
        power = tf.matmul(partials, band) + noise + tf.exp(POWER * floor)
        return tf.math.log(power) / POWER

    wanted = envelope(wanted)
    return _mean(tf.abs(envelope(levels) - wanted), _weight(wanted))


def _floored(db: tf.Tensor, floor: tf.Tensor) -> tf.Tensor:
    """Level of a sound with a noise at ``floor`` added, which hides what is softer."""
    return tf.math.log(tf.exp(POWER * db) + tf.exp(POWER * floor)) / POWER


def _weight(db: tf.Tensor) -> tf.Tensor:
    return tf.exp(LOUDNESS * (db - tf.reduce_max(db, axis=-1, keepdims=True)))


def _fade_weight(batch: dict[str, tf.Tensor], peak: tf.Tensor) -> tf.Tensor:
    """1 for what exists and is not lost in the floor at the moments of the batch."""
    parts = tf.concat([batch["partials"], batch["noise"]], axis=2)
    bands = tf.ones([tf.shape(parts)[0], BANDS])
    exists = tf.concat([_exists(batch["pitch"]), bands], axis=1)
    middle = tf.reduce_mean(parts, axis=1)
    return exists * tf.cast(middle > peak - PARTIAL_RANGE_DB, tf.float32) + 1e-6


def _fade_error(found: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
    wanted = tf.clip_by_value(wanted, -MOST_FADE, MOST_FADE)
    return tf.abs(found - wanted) / FADE_SCALE


def _mean(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Weighted mean of each note, then of all notes."""
    axes = list(range(1, values.shape.rank))
    sums = tf.reduce_sum(values * weights, axes), tf.reduce_sum(weights, axes)
    return tf.reduce_mean(sums[0] / sums[1])
