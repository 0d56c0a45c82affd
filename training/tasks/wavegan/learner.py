"""Generator, critics, optimizers and the averaged generator: one training step."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from training.tasks.wavegan import losses
from training.tasks.wavegan.augment import augment
from training.tasks.wavegan.config import Config
from training.tasks.wavegan.critics import Encoder, LogMelLayer, critics
from training.tasks.wavegan.generator import Generator

PART = 64  # sounds at a time, where nothing is learned
AUGMENT_STEP = 0.001  # How fast the chance of augmentation moves, per step.
AUGMENT_MAX = 0.8  # Beyond it the changes would leak into the generated sounds.


class Gan(tf.Module):
    """All that learns. `step` is pure in (state, batch): its randomness is the seed's.

    Build it inside the scope of its tf.distribute strategy.
    """

    def __init__(self, config: Config, class_count: int, replicas: int = 1):
        super().__init__(name="gan")
        self.config, self.class_count, self.replicas = config, class_count, replicas
        keras.utils.set_random_seed(config.training.seed)
        self.generator = Generator(config)
        self.average = Generator(config)
        self.critics = critics(config)
        self.encoder = None
        if config.training.reconstruct:
            self.encoder = Encoder(config, config.distance_views()[-1])
            self.views = [LogMelLayer(spec) for spec in config.distance_views()]
            self.bins = LogMelLayer(config.critic_views()[-1])
        self._build()
        self.average.set_weights(self.generator.get_weights())
        training = config.training
        critic_rate = training.critic_learning_rate or training.learning_rate
        self.generator_optimizer = self._adam(
            training.learning_rate, training.warmup_steps
        )
        self.critic_optimizer = self._adam(critic_rate)
        self.generator_optimizer.build(self.generator_variables)
        self.critic_optimizer.build(self.critic_variables)
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.chance = tf.Variable(training.augment, trainable=False)

    @property
    def generator_variables(self) -> list:
        """Trainable variables of the generator, and of the encoder if there is one."""
        encoder = self.encoder.trainable_variables if self.encoder else []
        return [*self.generator.trainable_variables, *encoder]

    @property
    def critic_variables(self) -> list:
        """Trainable variables of all critics, in a fixed order."""
        return [v for critic in self.critics for v in critic.trainable_variables]

    def state(self) -> list:
        """Every variable that a run depends on, in a fixed order."""
        return [
            *self.generator.weights,
            *self.average.weights,
            *(self.encoder.weights if self.encoder else ()),
            *(v for critic in self.critics for v in critic.weights),
            *self.generator_optimizer.variables,
            *self.critic_optimizer.variables,
            self.steps,
            self.chance,
        ]

    def latents(self, count: int, seed: tf.Tensor) -> tf.Tensor:
        """(count, Z) float32 from the model's latent distribution."""
        shape = [count, self.config.model.latent]
        if self.config.model.latent_distribution == "normal":
            return tf.random.stateless_normal(shape, seed)
        return tf.random.stateless_uniform(shape, seed, -1.0, 1.0)

    def step(
        self, audio: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor, penalise: bool
    ) -> dict[str, tf.Tensor]:
        """One step of the generator and ``critics`` of the critics, on one replica.

        Shapes as `batches.dataset` gives them. Returns scalars to report.
        """
        count = audio.shape[1]
        last = audio.shape[0] - 1
        for i in range(last):
            z = self.latents(count, seed + 1000 * (i + 1))
            fake = self.generator(z, classes[i])
            self._critic_step(audio[i], fake, classes[i], seed + 100 * i, penalise)
        audio, classes = audio[last], classes[last]
        z = self.latents(count, seed + 1)
        with tf.GradientTape() as tape:
            z, prior = self._encoded(z, audio, classes, seed + 3, count // 2)
            fake = self.generator.decode(z, classes)
            with tape.stop_recording():
                report = self._critic_step(
                    audio, fake, classes, seed + 100 * last, penalise
                )
            seen = augment(fake, self.chance, seed + 7)
            scores = [c(c.view(seen), classes, seed + 8) for c in self.critics]
            kind = self.config.training.loss
            loss = tf.add_n([losses.generator_loss(kind, s) for s in scores])
            distance = self._distance(fake, audio, count // 2)
            guide = self.config.training.guide
            total = loss + guide * self._reconstruction_loss(distance, prior)
        self._generator_update(tape, total)
        return report | {
            "generator_loss": loss,
            "reconstruction": distance,
            "divergence": prior,
        }

    def warmup_step(
        self, audio: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """One step of generator and encoder alone: give real sounds back."""
        audio, classes = audio[-1], classes[-1]
        count = audio.shape[0]
        zero = tf.constant(0.0)
        with tf.GradientTape() as tape:
            z, prior = self._encoded(
                self.latents(count, seed + 1), audio, classes, seed + 3, count
            )
            distance = self._distance(self.generator.decode(z, classes), audio, count)
            total = self._reconstruction_loss(distance, prior)
        self._generator_update(tape, total)
        names = ("critic_loss", "generator_loss", "penalty", "overfit")
        return dict.fromkeys(names, zero) | {
            "reconstruction": distance,
            "divergence": prior,
        }

    def after_step(self, overfit: tf.Tensor) -> None:
        """Move the average and the augmentation; outside of the replicas."""
        training = self.config.training
        self.steps.assign_add(1)
        step = tf.cast(self.steps, tf.float32)
        # A young average forgets faster, or the first sounds would linger for long.
        keep = tf.minimum(training.ema, (1.0 + step) / (10.0 + step))
        keep = keep if training.ema else tf.constant(0.0)
        pairs = zip(
            self.average.trainable_variables,
            self.generator.trainable_variables,
            strict=True,
        )
        for mean, now in pairs:
            mean.assign(keep * mean + (1.0 - keep) * now)
        if training.augment_target:
            judged = tf.cast(self.steps > training.warmup_steps, tf.float32)
            sign = tf.sign(overfit - training.augment_target)
            move = AUGMENT_STEP * sign * judged
            self.chance.assign(tf.clip_by_value(self.chance + move, 0.0, AUGMENT_MAX))

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

    def sample(self, classes: np.ndarray, seed: int) -> np.ndarray:
        """Sounds of the averaged generator: (n, K) classes -> (n, frames) float32."""
        z = self.latents(len(classes), tf.constant([seed, 0]))
        parts = [
            self.average(tf.constant(a), tf.constant(c)).numpy()
            for a, c in zip(_parts(z.numpy()), _parts(classes), strict=True)
        ]
        return np.concatenate(parts)

    def _reconstruction_loss(self, distance: tf.Tensor, prior: tf.Tensor) -> tf.Tensor:
        training = self.config.training
        return training.reconstruct * distance + training.prior * prior

    def _generator_update(self, tape: tf.GradientTape, total: tf.Tensor) -> None:
        variables = self.generator_variables
        gradients = tape.gradient(total, variables)
        # Replicas sum their gradients; a step must not depend on how many there are.
        gradients = [g / self.replicas for g in gradients]
        self.generator_optimizer.apply(gradients, variables)

    def _encoded(
        self,
        z: tf.Tensor,
        audio: tf.Tensor,
        classes: tf.Tensor,
        seed: tf.Tensor,
        count: int,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The latents with the first ``count`` replaced by those of the real sounds."""
        z = self.generator.place(z, classes)
        if self.encoder is None:
            return z, tf.constant(0.0)
        view = self.encoder.view(audio[:count])
        mean, log_variance = self.encoder(view, classes[:count])
        noise = tf.random.stateless_normal(tf.shape(mean), seed)
        encoded = mean + noise * tf.exp(0.5 * log_variance)
        prior = losses.divergence(mean, log_variance)
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
        seed: tf.Tensor,
        penalise: bool,
    ) -> dict[str, tf.Tensor]:
        training = self.config.training
        count = real.shape[0]
        seen = augment(tf.concat([real, fake], axis=0), self.chance, seed + 11)
        with tf.GradientTape() as tape:
            total, penalties, agreement = 0.0, 0.0, 0.0
            for critic in self.critics:
                view = critic.view(seen)
                scores = critic(view, tf.concat([classes, classes], 0), seed + 30)
                total += losses.critic_loss(
                    training.loss, scores[:count], scores[count:]
                )
                agreement += tf.reduce_mean(tf.sign(scores[:count]))
                if penalise:
                    penalties += losses.penalty(
                        training.loss,
                        lambda x, critic=critic: critic(x, classes, seed + 40),
                        view[:count],
                        view[count:],
                        seed + 50,
                    )
            weight = training.penalty * training.penalty_every
            loss = (total + weight * penalties) / self.replicas
        variables = self.critic_variables
        self.critic_optimizer.apply(tape.gradient(loss, variables), variables)
        return {
            "critic_loss": tf.convert_to_tensor(total),
            "penalty": tf.convert_to_tensor(penalties),
            "overfit": agreement / len(self.critics),
        }

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


def parameters(model: keras.Model) -> int:
    """Number of trainable parameters."""
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)
