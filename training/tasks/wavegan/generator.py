"""The WaveGAN generator (Donahue, McAuley and Puckette, 2019), and what we add to it.

The published sizes are the defaults of `config.Model`; what goes beyond the
paper (sub-pixel upsampling, noise, smoothing, output shaping) is off by default.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from training.data.prepare import fades
from training.tasks.wavegan.config import Config, Model, start_frames

STRIDE = 4
NOISE_SEED = 20_190_209  # Of the fixed noise; a part of the model, never of a run.
NOISE_FROM = 1024  # Noise joins at every stage with at least this many frames.
CLASS_WIDTH = 32


class Generator(keras.Model):
    """(latent (B, Z), classes (B, K)) -> audio (B, frames) float32 in -1..1.

    An unconditional generator takes K = 1 and ignores it.
    """

    def __init__(self, config: Config):
        super().__init__(name="generator")
        model = config.model
        self.config = config
        self.start, layers = start_frames(config.data.frames)
        widths = [_capped(model.dim * 2**i, model) for i in range(layers)][::-1]
        self.width = widths[0]
        self.embedding = (
            keras.layers.Dense(CLASS_WIDTH, use_bias=False, name="class_embedding")
            if model.conditional
            else None
        )
        self.project = keras.layers.Dense(self.start * self.width, name="project")
        self.stages = [
            _upsampling(model, width, f"up{i}")
            for i, width in enumerate([*widths[1:], 1])
        ]
        self.activation = keras.layers.ReLU()
        self.noises = {
            i: NoiseGate(width, self.start * STRIDE**i, config, name=f"noise{i}")
            for i, width in enumerate(widths)
            if model.noise and self.start * STRIDE**i >= NOISE_FROM
        }
        self.shaper = Shaper(config, name="shaper") if model.shape_output else None
        self.prior = (
            ClassPrior(model.latent, name="prior") if model.class_prior else None
        )

    def call(self, latent: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        return self.decode(self.place(latent, classes), classes)

    def place(self, latent: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        """From the distribution of the model's input to that of the encoder."""
        return latent if self.prior is None else self.prior(latent, classes)

    def decode(self, latent: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        """The sound of a latent as the encoder gives it."""
        hidden = latent = tf.cast(latent, self.compute_dtype)
        classes = tf.cast(classes, self.compute_dtype)
        if self.embedding is not None:
            hidden = tf.concat([latent, self.embedding(classes)], axis=1)
        hidden = tf.reshape(self.project(hidden), [-1, self.start, self.width])
        hidden = self.activation(hidden)
        for i, stage in enumerate(self.stages):
            if i in self.noises:
                hidden = self.noises[i](hidden, latent)
            hidden = stage(hidden)
            if i + 1 < len(self.stages):
                hidden = smoothed(hidden) if self.config.model.smooth else hidden
                hidden = self.activation(hidden)
        audio = tf.cast(tf.reshape(hidden, [-1, self.config.data.frames]), tf.float32)
        return tf.tanh(audio) if self.shaper is None else self.shaper(audio)


class SubPixel(keras.layers.Layer):
    """Upsampling by 4: a convolution at the low rate, its channels laid out in time."""

    def __init__(self, width: int, taps: int, name: str):
        super().__init__(name=name)
        self.width = width
        self.convolve = keras.layers.Conv1D(
            STRIDE * width, taps, padding="same", kernel_initializer=alike
        )

    def call(self, hidden: tf.Tensor) -> tf.Tensor:
        wide = self.convolve(hidden)
        return tf.reshape(wide, [-1, wide.shape[1] * STRIDE, self.width])


def alike(shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
    """Initial kernel of a sub-pixel convolution: the same filter for all four places.

    It begins as a repetition (ICNR, Aitken et al., 2017). Four random filters would
    begin as a pattern of period 4, 16, 64 ...: tones that never quite go away.
    """
    one = keras.initializers.GlorotUniform()((*shape[:-1], shape[-1] // STRIDE), dtype)
    return tf.tile(one, [1] * (len(shape) - 1) + [STRIDE])


def smoothed(hidden: tf.Tensor) -> tf.Tensor:
    """Mean over 4 frames of (B, T, C): what is steady before upsampling stays steady.

    Else a steady feature becomes a pattern that repeats every 4, 16, 64 ... frames, a
    comb of tones at multiples of rate / 64: the buzz of WaveGAN. The average has its
    zeros exactly there. (Blur after upsampling: Karras et al., 2019, for images.)
    """
    return tf.nn.avg_pool1d(hidden, STRIDE, 1, "SAME")


class NoiseGate(keras.layers.Layer):
    """Adds noise that the signal itself gates, as hi-hats and snares need it.

    A small network cannot make 16,000 unpredictable samples from 100 numbers; it hums
    instead. Here the first latent dimensions choose a mixture of fixed white noises
    (again white, at full audio rate, folded into channels), and a gate computed from
    the signal sets its colour and envelope. One latent always gives one sound.
    """

    def __init__(self, width: int, frames: int, config: Config, name: str):
        super().__init__(name=name)
        self.frames, self.count = frames, config.model.noise
        self.folds = config.data.frames // frames
        noise = np.random.default_rng(NOISE_SEED).standard_normal(
            (self.count, config.data.frames), np.float32
        )
        self.noise = noise  # An array: a captured tensor would be exported as an input.
        self.colour = keras.layers.Conv1D(width, 1, use_bias=False)
        self.gate = keras.layers.Conv1D(width, 1)

    def call(self, hidden: tf.Tensor, latent: tf.Tensor) -> tf.Tensor:
        weights = tf.cast(latent[:, : self.count], tf.float32)
        power = tf.reduce_sum(weights**2, axis=1, keepdims=True)
        noise = tf.matmul(weights * tf.math.rsqrt(power + 1e-6), self.noise)
        noise = tf.reshape(noise, [-1, self.frames, self.folds])
        return hidden + self.colour(tf.cast(noise, hidden.dtype)) * self.gate(hidden)


class ClassPrior(keras.layers.Layer):
    """(latent, classes) -> the latent moved and stretched to its class's Gaussian.

    An encoder never fills the whole normal distribution; what it leaves empty sounds
    like nothing that was ever heard. `fit` measures where each class lies.
    """

    def __init__(self, size: int, name: str):
        super().__init__(name=name, dtype="float32")
        self.size = size

    def build(self, latent_shape: tuple, classes_shape: tuple) -> None:
        count = classes_shape[-1]
        self.mean = self.add_weight(
            shape=(count, self.size), initializer="zeros", trainable=False, name="mean"
        )
        self.factor = self.add_weight(
            shape=(count, self.size * self.size),
            initializer=lambda *_, **__: tf.tile(
                tf.reshape(tf.eye(self.size), [1, -1]), [count, 1]
            ),
            trainable=False,
            name="factor",
        )

    def call(self, latent: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        factor = tf.matmul(classes, self.factor)
        factor = tf.reshape(factor, [-1, self.size, self.size])
        moved = tf.matmul(factor, latent[:, :, None])[:, :, 0]
        return moved + tf.matmul(classes, self.mean)

    def fit(
        self, means: np.ndarray, variances: np.ndarray, classes: np.ndarray
    ) -> None:
        """Take the Gaussian of all encoded sounds of each class; (n, Z) and (n,)."""
        mean, factor = self.mean.numpy(), self.factor.numpy()
        for k in np.unique(classes):
            mine = means[classes == k].astype(np.float64)
            spread = np.cov(mine, rowvar=False, bias=True) if len(mine) > 1 else 0.0
            covariance = spread + np.diag(variances[classes == k].mean(axis=0))
            mean[k] = mine.mean(axis=0)
            factor[k] = np.linalg.cholesky(covariance).reshape(-1)
        self.mean.assign(mean)
        self.factor.assign(factor)


class Shaper(keras.layers.Layer):
    """What every prepared sound has, given for free: no DC, fades, the peak level."""

    def __init__(self, config: Config, name: str):
        super().__init__(name=name, dtype="float32")
        self.window = fades(config.data)
        self.peak = config.data.peak

    def call(self, audio: tf.Tensor) -> tf.Tensor:
        share = self.window / self.window.sum()
        centred = audio - tf.reduce_sum(audio * share, axis=1, keepdims=True)
        faded = centred * self.window
        peak = tf.reduce_max(tf.abs(faded), axis=1, keepdims=True)
        return faded * (self.peak / (peak + 1e-4))


def _capped(width: int, model: Model) -> int:
    return min(width, model.max_channels) if model.max_channels else width


def _upsampling(model: Model, width: int, name: str) -> keras.layers.Layer:
    if model.upsample == "subpixel":
        return SubPixel(width, -(-model.kernel // STRIDE), name)
    return keras.layers.Conv1DTranspose(
        width, model.kernel, STRIDE, padding="same", name=name
    )
