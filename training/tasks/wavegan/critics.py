"""The networks that judge a sound, and the encoder that reads one."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from rtaudio_dl.features import LogMel
from training.audio.dice import Dice
from training.audio.logmel import MelSpectrogram
from training.tasks.wavegan.config import Config, start_frames

STRIDE = 4
LEAK = 0.2


class Head(keras.layers.Layer):
    """Features to one logit, with a projection of the class (Miyato & Koyama, 2018)."""

    def __init__(self, config: Config):
        super().__init__(name="head")
        self.conditional = config.model.conditional
        self.flatten = keras.layers.Flatten()
        self.logit = keras.layers.Dense(1, name="logit")
        if self.conditional:
            width = config.model.critic_embedding
            self.features = keras.layers.Dense(width, name="features")
            self.embedding = keras.layers.Dense(width, use_bias=False, name="classes")

    def call(self, hidden: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        hidden = self.flatten(hidden)
        if not self.conditional:
            return tf.cast(self.logit(hidden)[:, 0], tf.float32)
        hidden = tf.nn.leaky_relu(self.features(hidden), LEAK)
        match = tf.reduce_sum(hidden * self.embedding(classes), axis=1)
        return tf.cast(self.logit(hidden)[:, 0] + match, tf.float32)


class WaveCritic(keras.Model):
    """Judges the waveform: strided convolutions with phase shuffle between them."""

    def __init__(self, config: Config):
        super().__init__(name="wave_critic")
        model = config.model
        _, layers = start_frames(config.data.frames)
        dim = model.critic_dim or model.dim
        self.shuffle = model.phase_shuffle
        self.stages = [
            keras.layers.Conv1D(
                dim * 2**i, model.kernel, STRIDE, padding="same", name=f"down{i}"
            )
            for i in range(layers)
        ]
        self.head = Head(config)

    def view(self, audio: tf.Tensor) -> tf.Tensor:
        """What this critic looks at: the audio itself, (B, frames, 1)."""
        return audio[:, :, None]

    def call(self, view: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        hidden, dice = view, Dice(seed)  # Keras hands on tensors only.
        for i, stage in enumerate(self.stages):
            hidden = tf.nn.leaky_relu(stage(hidden), LEAK)
            if self.shuffle and i + 1 < len(self.stages):
                hidden = phase_shuffle(hidden, self.shuffle, dice.of(f"layer {i}"))
        return self.head(hidden, classes)


class SpectralView(keras.Model):
    """Strided convolutions on a log-mel spectrogram, the base of what follows."""

    def __init__(self, config: Config, spec: LogMel, name: str):
        super().__init__(name=f"{name}{spec.window}")
        self.spectrogram = MelSpectrogram(spec)
        self.silence = float(np.log(spec.floor))
        dim = config.model.spectral_dim
        self.stages = [
            keras.layers.Conv2D(width, size, 2, padding="same", name=f"down{i}")
            for i, (width, size) in enumerate(
                [(dim, 5), (2 * dim, 3), (4 * dim, 3), (4 * dim, 3)]
            )
        ]

    def view(self, audio: tf.Tensor) -> tf.Tensor:
        """What it looks at: (B, feature frames, bands, 1), about -1..1."""
        return 1.0 - 2.0 * self.spectrogram(audio)[..., None] / self.silence

    def convolve(self, view: tf.Tensor) -> tf.Tensor:
        """Feature maps of a view."""
        for stage in self.stages:
            view = tf.nn.leaky_relu(stage(view), LEAK)
        return view


class SpectralCritic(SpectralView):
    """Judges a log-mel spectrogram: what hides in a waveform shows there."""

    def __init__(self, config: Config, spec: LogMel):
        super().__init__(config, spec, "spectral_critic")
        self.head = Head(config)

    def call(self, view: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        return self.head(self.convolve(view), classes)


class Encoder(SpectralView):
    """A real sound's view to the mean and log variance of its latent, (B, Z) each."""

    def __init__(self, config: Config, spec: LogMel):
        super().__init__(config, spec, "encoder")
        self.flatten = keras.layers.Flatten()
        self.hidden = keras.layers.Dense(config.model.critic_embedding)
        self.moments = keras.layers.Dense(2 * config.model.latent)

    def call(self, view: tf.Tensor, classes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        hidden = self.flatten(self.convolve(view))
        hidden = tf.nn.leaky_relu(self.hidden(tf.concat([hidden, classes], 1)), LEAK)
        mean, log_variance = tf.split(self.moments(hidden), 2, axis=1)
        return tf.cast(mean, tf.float32), tf.cast(log_variance, tf.float32)


def phase_shuffle(hidden: tf.Tensor, reach: int, dice: Dice) -> tf.Tensor:
    """Shift (B, T, C) by -reach..reach frames, mirrored at the ends; one shift a batch.

    Keeps a critic from learning the phase of the upsampling artefacts.
    """
    frames = hidden.shape[1]
    place = tf.range(frames) - dice.whole("shift", [], -reach, reach)
    # By index: XLA cannot differentiate a slice at a random place twice.
    mirrored = (frames - 1) - tf.abs((frames - 1) - tf.abs(place))
    return tf.ensure_shape(tf.gather(hidden, mirrored, axis=1), hidden.shape)


def critics(config: Config) -> list[keras.Model]:
    """All critics of a configuration: the waveform's, then one per spectrogram."""
    spectral = [SpectralCritic(config, spec) for spec in config.critic_views()]
    return [WaveCritic(config), *spectral]
