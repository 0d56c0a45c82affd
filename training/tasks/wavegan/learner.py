"""Generator, critics, optimizers and the averaged generator: one training step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from training.audio.dice import Dice
from training.audio.logmel import MelSpectrogram
from training.data.prepare import Dataset
from training.run.learner import Heard, Learner, Report, divergence
from training.tasks.wavegan import losses
from training.tasks.wavegan.augment import augment
from training.tasks.wavegan.batches import one_hot_classes
from training.tasks.wavegan.config import Config
from training.tasks.wavegan.critics import Encoder, critics
from training.tasks.wavegan.generator import Generator

PART = 64  # sounds at a time, where nothing is learned
AUGMENT_STEP = 0.001  # How fast the chance of augmentation moves, per step.
AUGMENT_MAX = 0.8  # Beyond it the changes would leak into the generated sounds.
PRIOR_EVERY = 250  # steps
SAMPLES_PER_CLASS = 8
SAMPLE_SEED = 12_345


class Gan(Learner):
    """All that learns: a generator and its average, critics, perhaps an encoder."""

    anew = ("generator/class_embedding", "generator/prior")  # Of other classes.

    def __init__(self, config: Config, sounds: Dataset, replicas: int = 1):
        super().__init__(config, replicas)
        self.sounds = sounds
        self.class_count = len(sounds.labels) if config.model.conditional else 1
        self.generator = Generator(config)
        self.average = Generator(config)
        self.critics = critics(config)
        self.encoder = None
        if config.training.reconstruct:
            self.encoder = Encoder(config, config.distance_views()[-1])
            self.views = [MelSpectrogram(spec) for spec in config.distance_views()]
            self.bins = MelSpectrogram(config.critic_views()[-1])
        self._build()
        self.networks = {"generator": self.generator}
        self.averages = {"generator": self.average}
        self.networks |= {"encoder": self.encoder} if self.encoder else {}
        self.networks |= {critic.name: critic for critic in self.critics}
        training = config.training
        critic_rate = training.critic_learning_rate or training.learning_rate
        self.optimizers = {
            "generator": self._adam(training.learning_rate, training.warmup_steps),
            "critics": self._adam(critic_rate),
        }
        self.chance = tf.Variable(training.augment, trainable=False)
        self.others = {"chance": self.chance}
        self.kept_prior = False  # of a model that this run began with
        self.ready(
            {"generator": self.generator_variables, "critics": self.critic_variables}
        )

    @property
    def generator_variables(self) -> list:
        """Trainable variables of the generator, and of the encoder if there is one."""
        encoder = self.encoder.trainable_variables if self.encoder else []
        return [*self.generator.trainable_variables, *encoder]

    @property
    def critic_variables(self) -> list:
        """Trainable variables of all critics, in a fixed order."""
        return [v for critic in self.critics for v in critic.trainable_variables]

    def latents(self, count: int, dice: Dice) -> tf.Tensor:
        """(count, Z) float32 from the model's latent distribution."""
        shape = [count, self.config.model.latent]
        if self.config.model.latent_distribution == "normal":
            return dice.normal("latents", shape)
        return dice.uniform("latents", shape, -1.0, 1.0)

    def kinds(self) -> dict[str, Callable[..., Report]]:
        """Warm-up, and steps with and without the critics' penalty."""
        return {
            "warmup": self.warmup_step,
            "plain": partial(self.step, penalise=False),
            "penalised": partial(self.step, penalise=True),
        }

    def kind(self, step: int) -> str:
        """Which of them follows ``step`` steps."""
        training = self.config.training
        if step < training.warmup_steps:
            return "warmup"
        return "plain" if step % training.penalty_every else "penalised"

    def step(
        self, audio: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor, penalise: bool
    ) -> Report:
        """One step of the generator and ``critics`` of the critics, on one replica.

        Shapes as `batches.dataset` gives them. Returns scalars to report.
        """
        dice = Dice(seed)
        count, last = audio.shape[1], audio.shape[0] - 1
        for i in range(last):
            own = dice.of(f"critics {i}")
            fake = self.generator(self.latents(count, own), classes[i])
            self._critic_step(audio[i], fake, classes[i], own, penalise)
        audio, classes = audio[last], classes[last]
        z = self.latents(count, dice)
        with tf.GradientTape() as tape:
            z, prior = self._encoded(z, audio, classes, dice, count // 2)
            fake = self.generator.decode(z, classes)
            with tape.stop_recording():
                own = dice.of(f"critics {last}")
                report = self._critic_step(audio, fake, classes, own, penalise)
            seen = augment(fake, self.chance, dice.of("augment"))
            scores = [
                c(c.view(seen), classes, dice.of(c.name).seed) for c in self.critics
            ]
            kind = self.config.training.loss
            loss = tf.add_n([losses.generator_loss(kind, s) for s in scores])
            distance = self._distance(fake, audio, count // 2)
            guide = self.config.training.guide
            total = loss + guide * self._reconstruction_loss(distance, prior)
        self.update("generator", tape, total, self.generator_variables)
        return report | {"generator_loss": loss} | self._given_back(distance, prior)

    def warmup_step(
        self, audio: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor
    ) -> Report:
        """One step of generator and encoder alone: give real sounds back."""
        audio, classes, dice = audio[-1], classes[-1], Dice(seed)
        count = audio.shape[0]
        with tf.GradientTape() as tape:
            z, prior = self._encoded(
                self.latents(count, dice), audio, classes, dice, count
            )
            distance = self._distance(self.generator.decode(z, classes), audio, count)
            total = self._reconstruction_loss(distance, prior)
        self.update("generator", tape, total, self.generator_variables)
        return self._given_back(distance, prior)

    def before(self, step: int) -> None:
        """Fit the prior at fixed steps; not to an encoder that knows nothing yet."""
        if self.generator.prior is None or step % PRIOR_EVERY:
            return
        if self.kept_prior and not step:
            return
        rows = self.sounds.rows("train", augmented=True)
        classes = self.sounds.classes()[rows]
        one_hot = one_hot_classes(classes, self.config, self.sounds)
        self.fit_prior(self.sounds.floats(rows), one_hot)

    def after_step(self, report: Report) -> None:
        """Move the average and the augmentation; outside of the replicas."""
        super().after_step(report)
        target = self.config.training.augment_target
        if target and "overfit" in report:
            move = AUGMENT_STEP * tf.sign(report["overfit"] - target)
            self.chance.assign(tf.clip_by_value(self.chance + move, 0.0, AUGMENT_MAX))

    def adopted(self, left: list[str]) -> None:
        """Keep the prior of another model while the encoder has to begin anew."""
        names = {name.split("/")[0] for name in left}
        kept = not any(name.startswith("generator/prior") for name in left)
        self.kept_prior = kept and "encoder" in names

    def fit_prior(self, audio: np.ndarray, classes: np.ndarray) -> None:
        """Tell both generators where the encoder puts sounds (n, frames) of classes."""
        moments = [
            self.encoder(self.encoder.view(tf.constant(a)), tf.constant(c))
            for a, c in zip(_parts(audio), _parts(classes), strict=True)
        ]
        means, log_variances = (
            np.concatenate([np.asarray(m[i]) for m in moments]) for i in range(2)
        )
        variances, index = np.exp(log_variances), classes.argmax(axis=1)
        self.generator.prior.fit(means, variances, index)
        self.average.prior.fit(means, variances, index)

    def listen(self) -> Heard:
        """Some sounds of every class, always from the same latents."""
        model, labels = self.config.model, self.sounds.labels
        labels = labels if model.conditional else (model.name,)
        one_hot = np.eye(self.class_count, dtype=np.float32)
        audio = self.sample(np.repeat(one_hot, SAMPLES_PER_CLASS, axis=0), SAMPLE_SEED)
        names = [label for label in labels for _ in range(SAMPLES_PER_CLASS)]
        rate = self.config.data.sample_rate
        return Heard(audio, names, rate, SAMPLES_PER_CLASS)

    def sample(self, classes: np.ndarray, seed: int) -> np.ndarray:
        """Sounds of the averaged generator: (n, K) classes -> (n, frames) float32."""
        z = self.latents(len(classes), Dice(tf.constant([seed, 0])))
        parts = [
            self.average(tf.constant(a), tf.constant(c)).numpy()
            for a, c in zip(_parts(z.numpy()), _parts(classes), strict=True)
        ]
        return np.concatenate(parts)

    def _given_back(self, distance: tf.Tensor, prior: tf.Tensor) -> Report:
        if self.encoder is None:
            return {}
        return {"reconstruction": distance, "divergence": prior}

    def _reconstruction_loss(self, distance: tf.Tensor, prior: tf.Tensor) -> tf.Tensor:
        training = self.config.training
        return training.reconstruct * distance + training.prior * prior

    def _encoded(
        self,
        z: tf.Tensor,
        audio: tf.Tensor,
        classes: tf.Tensor,
        dice: Dice,
        count: int,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The latents with the first ``count`` replaced by those of the real sounds."""
        z = self.generator.place(z, classes)
        if self.encoder is None:
            return z, tf.constant(0.0)
        view = self.encoder.view(audio[:count])
        mean, log_variance = self.encoder(view, classes[:count])
        noise = dice.normal("encoded", tf.shape(mean))
        encoded = mean + noise * tf.exp(0.5 * log_variance)
        prior = divergence(mean, log_variance)
        return tf.concat([encoded, z[count:]], axis=0), prior

    def _distance(self, fake: tf.Tensor, real: tf.Tensor, count: int) -> tf.Tensor:
        """How far the first ``count`` sounds are from the real ones, over all views."""
        if self.encoder is None:
            return tf.constant(0.0)
        fake, real = fake[:count], real[:count]
        near = [losses.spectral_distance(v(fake), v(real)) for v in self.views]
        tones = losses.average_distance(self.bins(fake), self.bins(real))
        return tf.add_n([*near, tones])

    def _critic_step(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        classes: tf.Tensor,
        dice: Dice,
        penalise: bool,
    ) -> Report:
        training = self.config.training
        count = real.shape[0]
        both = tf.concat([real, fake], axis=0)
        seen = augment(both, self.chance, dice.of("augment"))
        with tf.GradientTape() as tape:
            total, penalties, agreement = 0.0, 0.0, 0.0
            for critic in self.critics:
                view, own = critic.view(seen), dice.of(critic.name)
                scores = critic(view, tf.concat([classes, classes], 0), own.seed)
                total += losses.critic_loss(
                    training.loss, scores[:count], scores[count:]
                )
                agreement += tf.reduce_mean(tf.sign(scores[:count]))
                if penalise:
                    again = own.of("penalty")
                    penalties += losses.penalty(
                        training.loss,
                        lambda x, critic=critic, seed=again.seed: critic(
                            x, classes, seed
                        ),
                        view[:count],
                        view[count:],
                        again,
                    )
            weight = training.penalty * training.penalty_every
            loss = total + weight * penalties
        self.update("critics", tape, loss, self.critic_variables)
        report = {"critic_loss": total, "overfit": agreement / len(self.critics)}
        return report | ({"penalty": penalties} if penalise else {})

    def _adam(self, rate: float, warmup_steps: int = 0) -> keras.optimizers.Adam:
        training = self.config.training
        if warmup_steps:
            rate = keras.optimizers.schedules.PiecewiseConstantDecay(
                [warmup_steps], [training.warmup_rate, rate]
            )
        return keras.optimizers.Adam(rate, training.beta_1, training.beta_2)

    def _build(self) -> None:
        """Call every network once, so that its variables exist."""
        z = tf.zeros([1, self.config.model.latent])
        classes = tf.zeros([1, self.class_count])
        audio = self.generator(z, classes)
        self.average(z, classes)
        for critic in self.critics:
            critic(critic.view(audio), classes, tf.constant([0, 0]))
        if self.encoder:
            self.encoder(self.encoder.view(audio), classes)


def _parts(array: np.ndarray) -> list[np.ndarray]:
    return [array[i : i + PART] for i in range(0, len(array), PART)]
