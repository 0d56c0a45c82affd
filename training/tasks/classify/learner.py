"""The network, its optimizer and its running average: one training step."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from rtaudio_dl.features import frame_count
from training.errors import ConfigError
from training.tasks.classify.augment import Augmenter
from training.tasks.classify.config import Config
from training.tasks.classify.front import Front
from training.tasks.classify.nets import network

PART = 64  # windows at a time, where nothing is learned
NOT_DECAYED = ("gamma", "beta", "bias")


class Learner(tf.Module):
    """All that learns. `step` is pure in (state, batch): its randomness is the seed's.

    ``weights`` (C,) is how much each class counts in the loss, ``epoch_steps`` how many
    steps the schedule takes for an epoch. Build it inside the scope of its
    tf.distribute strategy.
    """

    def __init__(
        self, config: Config, weights: np.ndarray, epoch_steps: int, replicas: int = 1
    ):
        super().__init__(name="learner")
        self.config, self.replicas = config, replicas
        self.classes = len(weights)
        self.class_weights = tf.constant(weights, tf.float32)
        keras.utils.set_random_seed(config.training.seed)
        self.front = Front(config.spec, config.front.kind)
        frames = frame_count(config.data.frames, config.spec)
        self.augmenter = Augmenter(config, frames)
        self.network = network(config, self.classes)
        self.average = network(config, self.classes)
        self.average.set_weights(self.network.get_weights())
        self.scorer = Scorer(self.front, self.average)
        self.optimizer = self._optimizer(epoch_steps)
        self.optimizer.build(self.network.trainable_variables)
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)

    def state(self) -> list:
        """Every variable that a run depends on, in a fixed order, the average first."""
        return [
            *self.average.weights,
            # Not weights: the dice of dropout are variables, too.
            *self.network.variables,
            *self.optimizer.variables,
            self.steps,
        ]

    def begin_with(self, values: list[np.ndarray], source: str) -> None:
        """Begin with the state of another learner of the same sizes, but other labels.

        The last layer, a matrix and its bias, stays as it is. Raises ConfigError.
        """
        weights = self.network.weights[:-2]
        shapes = [tuple(w.shape) for w in weights]
        if shapes != [v.shape for v in values[: len(weights)]]:
            raise ConfigError(
                f"{source}: its network is another than this configuration's; "
                "model.start needs the same front and model"
            )
        for weight, mean, value in zip(
            weights, self.average.weights, values, strict=False
        ):
            weight.assign(value)
            mean.assign(value)

    def step(
        self, audio: tf.Tensor, noise: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """One step on windows (B, N) int16; gives loss and accuracy on the mixtures."""
        features, target = self._augmented(audio, noise, classes, seed)
        weight = tf.linalg.matvec(target, self.class_weights)
        with tf.GradientTape() as tape:
            logits = tf.cast(self.network(features, training=True), tf.float32)
            losses = tf.nn.softmax_cross_entropy_with_logits(
                self._smooth(target), logits
            )
            loss = tf.reduce_mean(weight * losses)
            scaled = loss / self.replicas
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, variables), variables)
        right = tf.argmax(logits, 1) == tf.argmax(target, 1)
        return {"loss": loss, "accuracy": tf.reduce_mean(tf.cast(right, tf.float32))}

    def after_step(self) -> None:
        """Move the average; outside of the replicas."""
        self.steps.assign_add(1)
        step = tf.cast(self.steps, tf.float32)
        # A young average forgets faster, or the first weights would linger for long.
        keep = tf.minimum(self.config.training.ema, (1.0 + step) / (10.0 + step))
        pairs = zip(self.average.weights, self.network.weights, strict=True)
        for mean, now in pairs:
            mean.assign(keep * mean + (1.0 - keep) * now)

    def _augmented(self, audio, noise, classes, seed) -> tuple[tf.Tensor, tf.Tensor]:
        target = tf.one_hot(classes, self.classes)
        mixed = self.augmenter.waveform(audio, noise, seed)
        power = self.front.power(mixed)
        power, target = self.augmenter.power(power, target, seed)
        features = self.front.features(power)
        return self.augmenter.features(features, seed)[..., None], target

    def _smooth(self, target: tf.Tensor) -> tf.Tensor:
        amount = self.config.training.label_smoothing
        return target * (1.0 - amount) + amount / self.classes

    def _optimizer(self, epoch_steps: int) -> keras.optimizers.Optimizer:
        training = self.config.training
        warmup = training.warmup_epochs * epoch_steps
        total = max(training.epochs * epoch_steps, warmup + 1)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else training.learning_rate,
            total - warmup,
            warmup_target=training.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
        if training.optimizer == "sgd":
            optimizer = keras.optimizers.SGD(
                rate, momentum=0.9, weight_decay=training.weight_decay
            )
        else:
            optimizer = keras.optimizers.AdamW(rate, weight_decay=training.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=NOT_DECAYED)
        return optimizer


class Scorer:
    """A trained network over windows of one length, part by part."""

    def __init__(self, front: Front, net: keras.Model):
        def run(part: tf.Tensor) -> tf.Tensor:
            return net(front(part)[..., None], training=False)

        self._run = tf.function(run, autograph=False, reduce_retracing=True)

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """Logits (n, classes) of windows (n, frames) float32."""
        parts = [audio[i : i + PART] for i in range(0, len(audio), PART)]
        return np.concatenate([np.asarray(self._run(tf.constant(p))) for p in parts])


def parameters(model: keras.Model) -> int:
    """Number of trainable parameters."""
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)
