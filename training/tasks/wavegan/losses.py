"""Adversarial losses: Wasserstein with gradient penalty, and non-saturating with R1."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from training.audio.dice import Dice

QUARTERS = 4


def critic_loss(kind: str, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Mean loss of a critic from its logits (B,) for real and generated sounds."""
    if kind == "wgan-gp":
        return tf.reduce_mean(fake) - tf.reduce_mean(real)
    return tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))


def generator_loss(kind: str, fake: tf.Tensor) -> tf.Tensor:
    """Mean loss of the generator from a critic's logits (B,)."""
    if kind == "wgan-gp":
        return -tf.reduce_mean(fake)
    return tf.reduce_mean(tf.nn.softplus(-fake))


def penalty(
    kind: str,
    score: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
    dice: Dice,
) -> tf.Tensor:
    """What keeps a critic smooth, not yet weighted.

    WGAN-GP (Gulrajani et al., 2017): (norm of the gradient - 1)^2 between real and
    generated; R1 (Mescheder et al., 2018): half the squared gradient at real sounds.
    """
    if kind == "wgan-gp":
        shape = [tf.shape(real)[0]] + [1] * (real.shape.rank - 1)
        mix = dice.uniform("mix", shape)
        squares = _squared_gradient(score, real + mix * (fake - real))
        return tf.reduce_mean((tf.sqrt(squares + 1e-12) - 1.0) ** 2)
    return 0.5 * tf.reduce_mean(_squared_gradient(score, real))


def spectral_distance(fake: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
    """Mean distance of two log-mel spectrograms (B, T, bands) of natural-log power.

    Log difference, which hears the tails, plus spectral convergence, which hears what
    is loud (Arik et al., 2019).
    """
    log_difference = tf.reduce_mean(tf.abs(fake - real))
    loud, wanted = tf.exp(0.5 * fake), tf.exp(0.5 * real)
    error = tf.reduce_sum((loud - wanted) ** 2, axis=[1, 2])
    energy = tf.reduce_sum(wanted**2, axis=[1, 2])
    return 0.25 * log_difference + tf.reduce_mean(tf.sqrt(error / energy + 1e-8))


def average_distance(fake: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
    """Mean log difference of power averaged over each quarter, from (B, T, bins).

    Averages of two noises agree in every bin, those of a noise and of a comb of tones
    do not: the tones that upsampling leaves are heard here, and in no band of mel.
    """
    length = fake.shape[1] // QUARTERS
    shape = [-1, QUARTERS, length, fake.shape[2]]
    averages = [
        tf.math.log(
            tf.reduce_mean(tf.reshape(tf.exp(x[:, : QUARTERS * length]), shape), axis=2)
        )
        for x in (fake, real)
    ]
    return 0.25 * tf.reduce_mean(tf.abs(averages[0] - averages[1]))


def _squared_gradient(score: Callable, view: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(view)
        total = tf.reduce_sum(score(view))
    gradient = tf.cast(tape.gradient(total, view), tf.float32)
    return tf.reduce_sum(gradient**2, axis=list(range(1, view.shape.rank)))
