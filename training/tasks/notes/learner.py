"""The networks of a run, their average and optimizer; one training step."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from training.tasks.notes import losses, network
from training.tasks.notes.config import Config

# The keys that it was trained on are three semitones apart: without all this the
# encoder learns them by heart, and loses its way between them.
ROUGHNESS = 0.3  # nepers of power that the encoder's view is roughened by
PITCH_JITTER = 1.5  # semitones that it is told wrong
MOST_SHIFT = 1  # mel bands by which the view is moved
HIDDEN = 0.1  # of the view's bands and, again, of its cells


class Learner:
    """Encoder and decoder with everything that a checkpoint must hold."""

    def __init__(self, config: Config):
        self.config = config
        keras.utils.set_random_seed(config.training.seed)
        self.encoder, self.decoder = network.build(config.model)
        # What is shipped: the weights averaged over the last steps.
        self.average = network.build(config.model)
        self.weights = self.encoder.weights + self.decoder.weights
        self.averages = [w for n in self.average for w in n.weights]
        for average, weight in zip(self.averages, self.weights, strict=True):
            average.assign(weight)
        rate = keras.optimizers.schedules.CosineDecay(
            config.training.learning_rate, config.training.steps, alpha=0.01
        )
        self.optimizer = keras.optimizers.Adam(rate, beta_2=0.99, clipnorm=1.0)
        self.optimizer.build(self.weights)
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)

    def state(self) -> list:
        """Every variable of the run, in a fixed order."""
        return [*self.weights, *self.averages, *self.optimizer.variables, self.steps]

    def step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Train on a batch of `batches`; gives its losses."""
        training = self.config.training
        seed = tf.stack([tf.constant(training.seed, tf.int64), self.steps])
        batch = batch | _roughened(batch, -seed)
        with tf.GradientTape() as tape:
            report = self.losses(self.encoder, self.decoder, batch, seed)
        gradients = tape.gradient(report["loss"], self.weights)
        self.optimizer.apply(gradients, self.weights)
        done = tf.cast(self.steps, tf.float32)
        # A young average forgets quickly, or it would hold on to the first weights.
        keep = tf.minimum(training.ema, (1.0 + done) / (10.0 + done))
        for average, weight in zip(self.averages, self.weights, strict=True):
            average.assign(weight + keep * (average - weight))
        self.steps.assign_add(1)
        return report

    def judge(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Losses of the averaged networks, with timbres as the encoder means them."""
        return self.losses(*self.average, batch, None)

    def losses(self, encoder, decoder, batch, seed) -> dict[str, tf.Tensor]:
        """Every part of the loss and, as ``loss``, their weighted sum."""
        mean, log_variance = encoder(
            batch["mel"], batch["encoded_pitch"], batch["encoded_velocity"]
        )
        timbre = mean
        if seed is not None:
            noise = tf.random.stateless_normal(tf.shape(mean), seed)
            timbre = mean + tf.exp(0.5 * log_variance) * noise
        levels, traits = decoder(
            batch["pitch"],
            batch["velocity"],
            timbre,
            batch["seconds_on"],
            batch["seconds_off"],
        )
        report = losses.of_notes(levels, traits, batch)
        report["prior"] = losses.divergence(mean, log_variance)
        weights = losses.WEIGHTS | {"prior": self.config.training.prior}
        report["loss"] = tf.add_n([weights[k] * v for k, v in report.items()])
        return report


def _roughened(batch: dict[str, tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """What the encoder sees and is told, never twice the same."""
    mel, pitch = batch["mel"], batch["encoded_pitch"]
    normal, uniform = tf.random.stateless_normal, tf.random.stateless_uniform
    seeds = [tf.stack([seed[0] - i, seed[1]]) for i in range(5)]
    count, cells, bands = mel.shape
    shift = uniform([count, 1], seeds[0], -MOST_SHIFT, MOST_SHIFT + 1, tf.int32)
    moved = tf.clip_by_value(tf.range(bands)[None] + shift, 0, bands - 1)
    mel = tf.gather(mel, moved, axis=2, batch_dims=1)
    mel += ROUGHNESS * normal(tf.shape(mel), seeds[1])
    seen = uniform([count, 1, bands], seeds[2]) >= HIDDEN
    seen &= uniform([count, cells, 1], seeds[3]) >= HIDDEN
    mean = tf.reduce_mean(mel, axis=(1, 2), keepdims=True)
    return {
        "mel": tf.where(seen, mel, mean),
        "encoded_pitch": pitch + PITCH_JITTER * normal(tf.shape(pitch), seeds[4]),
    }


def parameters(model: keras.Model) -> int:
    """Number of weights."""
    return int(sum(np.prod(w.shape) for w in model.weights))
