"""The WaveGAN generator and the networks that judge it (Donahue et al., 2019).

The published sizes are the defaults of `training.config.Model`; what goes beyond the
paper (sub-pixel upsampling, noise, output shaping, spectral critics) is off by default.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from rtaudio_dl.features import LogMel, dft_matrices, mel_filterbank
from training.config import Config, start_frames
from training.prepare import fades

STRIDE = 4
NOISE_SEED = 20_190_209  # Of the fixed noise; a part of the model, never of a run.
NOISE_FROM = 1024  # Noise joins at every stage with at least this many frames.
CLASS_WIDTH = 32
LEAK = 0.2


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

    def call(self, latent: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        hidden = latent
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
        hidden = view
        for i, stage in enumerate(self.stages):
            hidden = tf.nn.leaky_relu(stage(hidden), LEAK)
            if self.shuffle and i + 1 < len(self.stages):
                hidden = phase_shuffle(hidden, self.shuffle, seed + i)
        return self.head(hidden, classes)


class SpectralView(keras.Model):
    """Strided convolutions on a log-mel spectrogram, the base of what follows."""

    def __init__(self, config: Config, spec: LogMel, name: str):
        super().__init__(name=f"{name}{spec.window}")
        self.spectrogram = LogMelLayer(spec)
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


class LogMelLayer(keras.layers.Layer):
    """`rtaudio_dl.features.log_mel` as TensorFlow operations, in float32."""

    def __init__(self, spec: LogMel):
        super().__init__(name="log_mel", dtype="float32")
        self.spec = spec
        self.dft = dft_matrices(spec.window)
        self.filters = mel_filterbank(spec)

    def call(self, audio: tf.Tensor) -> tf.Tensor:
        framed = tf.signal.frame(audio, self.spec.window, self.spec.hop)
        real, imaginary = tf.split(tf.matmul(framed, self.dft), 2, axis=-1)
        mel = tf.matmul(real**2 + imaginary**2, self.filters)
        return tf.math.log(mel + self.spec.floor)


def phase_shuffle(hidden: tf.Tensor, reach: int, seed: tf.Tensor) -> tf.Tensor:
    """Shift (B, T, C) by -reach..reach frames, mirrored at the ends; one shift a batch.

    Keeps a critic from learning the phase of the upsampling artefacts.
    """
    shift = tf.random.stateless_uniform([], seed, -reach, reach + 1, tf.int32)
    frames = hidden.shape[1]
    padded = tf.pad(hidden, [[0, 0], [reach, reach], [0, 0]], mode="REFLECT")
    return tf.ensure_shape(
        tf.slice(padded, [0, reach + shift, 0], [-1, frames, -1]),
        [None, frames, hidden.shape[2]],
    )


def critics(config: Config) -> list[keras.Model]:
    """All critics of a configuration: the waveform's, then one per spectrogram."""
    spectral = [SpectralCritic(config, spec) for spec in config.critic_views()]
    return [WaveCritic(config), *spectral]


def _capped(width: int, model) -> int:
    return min(width, model.max_channels) if model.max_channels else width


def _upsampling(model, width: int, name: str) -> keras.layers.Layer:
    if model.upsample == "subpixel":
        return SubPixel(width, -(-model.kernel // STRIDE), name)
    return keras.layers.Conv1DTranspose(
        width, model.kernel, STRIDE, padding="same", name=name
    )
