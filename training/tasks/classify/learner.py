"""The network, its optimizer and its running average: one training step."""

from __future__ import annotations

import keras
import tensorflow as tf

from rtaudio_dl.features import frame_count
from training.audio.dice import Dice
from training.run.learner import Learner, Report
from training.tasks.classify import windows
from training.tasks.classify.augment import Augmenter
from training.tasks.classify.calibrate import cross_entropy, softmax
from training.tasks.classify.config import Config
from training.tasks.classify.dataset import Dataset
from training.tasks.classify.front import Front
from training.tasks.classify.nets import network
from training.tasks.classify.normalisation import measured
from training.tasks.classify.scorer import Scorer

NOT_DECAYED = ("gamma", "beta", "bias")
MEASURED = 256  # clips by which a network without statistics gets some


class Classifier(Learner):
    """A network and its average; an epoch has ``epoch_steps`` steps."""

    anew = ("classifier/dense",)  # The last layer, of other labels.

    def __init__(self, config: Config, data: Dataset, replicas: int = 1):
        super().__init__(config, replicas)
        self.data, self.classes = data, len(data.labels)
        self.class_weights = tf.constant(data.class_weights(), tf.float32)
        self.epoch_steps = epoch_steps(config, data)
        self.front = Front(config.spec, config.front.kind)
        frames = frame_count(config.data.frames, config.spec)
        self.augmenter = Augmenter(config, frames)
        self.network = network(config, self.classes)
        self.average = network(config, self.classes)
        self.scorer = Scorer(self.front, self.average)
        self.networks = {"classifier": self.network}
        self.averages = {"classifier": self.average}
        self.optimizers = {"classifier": self._optimizer()}
        self.ready({"classifier": self.network.trainable_variables})

    def step(
        self, audio: tf.Tensor, noise: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor
    ) -> Report:
        """One step on windows (B, N) int16; gives loss and accuracy on the mixtures."""
        features, target = self._augmented(audio, noise, classes, Dice(seed))
        weight = tf.linalg.matvec(target, self.class_weights)
        with tf.GradientTape() as tape:
            logits = tf.cast(self.network(features, training=True), tf.float32)
            losses = tf.nn.softmax_cross_entropy_with_logits(
                self._smooth(target), logits
            )
            loss = tf.reduce_mean(weight * losses)
        self.update("classifier", tape, loss, self.network.trainable_variables)
        right = tf.argmax(logits, 1) == tf.argmax(target, 1)
        return {"loss": loss, "accuracy": tf.reduce_mean(tf.cast(right, tf.float32))}

    def judge_at(self, step: int) -> bool:
        """At the end of every few epochs."""
        epoch, rest = divmod(step, self.epoch_steps)
        return rest == 0 and epoch % self.config.output.valid_every == 0

    def judge(self, step: int, means: dict[str, float]) -> dict[str, float]:
        """Training since the last point, and the valid part as it was recorded."""
        point = {"epoch": step // self.epoch_steps} | means
        if len(self.data.rows("valid")):
            point |= {f"valid_{k}": v for k, v in self.score("valid").items()}
        return point

    def score(self, part: str) -> dict[str, float]:
        """Accuracy and loss of the averaged network on the clips of a part."""
        rows = self.data.rows(part)
        cut = windows.cut(self.data.clips, rows, self.config.data.frames)
        found = self.scorer(cut.floats())
        truth = self.data.classes[rows]
        right = windows.per_clip(softmax(found), cut).argmax(1) == truth
        loss = cross_entropy(found, truth[cut.clip])
        return {"accuracy": float(right.mean()), "loss": loss}

    def adopted(self, left: list[str]) -> None:
        """Measure the statistics that an ONNX file no longer has."""
        rows = self.data.rows("train")
        rows = rows[:: max(1, len(rows) // MEASURED)]
        cut = windows.cut(self.data.clips, rows, self.config.data.frames)
        audio = cut.floats()[:MEASURED]
        measured(self.network, self.front(tf.constant(audio))[..., None])

    def _augmented(
        self, audio, noise, classes, dice: Dice
    ) -> tuple[tf.Tensor, tf.Tensor]:
        target = tf.one_hot(classes, self.classes)
        mixed = self.augmenter.waveform(audio, noise, dice)
        power = self.front.power(mixed)
        power, target = self.augmenter.power(power, target, dice)
        features = self.front.features(power)
        return self.augmenter.features(features, dice)[..., None], target

    def _smooth(self, target: tf.Tensor) -> tf.Tensor:
        amount = self.config.training.label_smoothing
        return target * (1.0 - amount) + amount / self.classes

    def _optimizer(self) -> keras.optimizers.Optimizer:
        training = self.config.training
        warmup = training.warmup_epochs * self.epoch_steps
        total = max(training.epochs * self.epoch_steps, warmup + 1)
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


def epoch_steps(config: Config, data: Dataset) -> int:
    """Steps in which about every training clip is met once."""
    return -(-len(data.rows("train")) // config.training.batch)
