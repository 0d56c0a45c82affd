"""A classifier of real sounds, to judge generated ones and to embed both."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from rtaudio_dl.features import LogMel, log_mel
from training.data.numbered import sampling

BATCH = 64
WIDTHS = (16, 32, 64, 64)
EMBEDDING = 64
LEARNING_RATE = 2e-3
SHIFT = 2  # feature frames
GAIN = 1.0  # These three in natural log units of power, to either side.
DECAY = 2.0  # at the end of the sound
CURVE = 0.5  # per half-cosine over the bands
CURVES = 4
SCALE, OFFSET = 3.0, 9.0  # Brings log-mel to about -2..2.
LABEL_SMOOTHING = 0.05
SILENCE = (np.log(1e-6) + OFFSET) / SCALE


def spectrogram(sample_rate: int) -> LogMel:
    """The feature that the classifier sees."""
    return LogMel(sample_rate, window=512, hop=256, bands=48)


@dataclass(frozen=True)
class Judge:
    """A trained classifier: ``scores`` (n, K) and ``embed`` (n, EMBEDDING) of audio."""

    model: keras.Model
    spec: LogMel

    def scores(self, audio: np.ndarray) -> np.ndarray:
        """Class probabilities (n, K) of sounds (n, frames)."""
        return self._run(audio)[0]

    def embed(self, audio: np.ndarray) -> np.ndarray:
        """Embeddings (n, EMBEDDING) of sounds (n, frames)."""
        return self._run(audio)[1]

    def _run(self, audio: np.ndarray) -> list[np.ndarray]:
        features = normalised(audio, self.spec)
        parts = [
            [np.asarray(x) for x in self.model(features[i : i + 256], training=False)]
            for i in range(0, len(features), 256)
        ]
        return [np.concatenate(x) for x in zip(*parts, strict=True)]


def normalised(audio: np.ndarray, spec: LogMel) -> np.ndarray:
    """Log-mel (n, T, bands, 1) scaled to about -2..2, computed in parts."""
    parts = [log_mel(audio[i : i + 256], spec) for i in range(0, len(audio), 256)]
    return ((np.concatenate(parts) + OFFSET) / SCALE)[..., None]


def train(
    audio: np.ndarray,
    classes: np.ndarray,
    count: int,
    sample_rate: int,
    seed: int,
    steps: int,
) -> Judge:
    """Train on real sounds (n, frames) of class indices (n,) for ``steps`` batches."""
    keras.utils.set_random_seed(seed)
    spec = spectrogram(sample_rate)
    features = normalised(audio, spec)
    model = _network(features.shape[1:], count)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-3)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(batch, target):
        with tf.GradientTape() as tape:
            scores, _ = model(_augmented(batch), training=True)
            loss = tf.reduce_mean(
                keras.losses.categorical_crossentropy(
                    target, scores, label_smoothing=LABEL_SMOOTHING
                )
            )
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    generator = np.random.default_rng(seed)
    chances = sampling(classes, balance=1.0).astype(np.float64)
    targets = np.eye(count, dtype=np.float32)[classes]
    for _ in range(steps):
        rows = generator.choice(len(features), BATCH, p=chances / chances.sum())
        step(tf.constant(features[rows]), tf.constant(targets[rows]))
    return Judge(model, spec)


def _network(shape: tuple[int, ...], count: int) -> keras.Model:
    inputs = keras.Input(shape)
    hidden = inputs
    for width in WIDTHS:
        hidden = keras.layers.Conv2D(width, 3, padding="same", use_bias=False)(hidden)
        # The default momentum of .99 outlasts so short a training.
        hidden = keras.layers.BatchNormalization(momentum=0.9)(hidden)
        hidden = keras.layers.ReLU()(hidden)
        hidden = keras.layers.MaxPooling2D(2, padding="same")(hidden)
    hidden = keras.layers.Concatenate()(
        [
            keras.layers.GlobalAveragePooling2D()(hidden),
            keras.layers.GlobalMaxPooling2D()(hidden),
        ]
    )
    hidden = keras.layers.Dropout(0.4)(hidden)
    embedding = keras.layers.Dense(EMBEDDING, activation="relu")(hidden)
    hidden = keras.layers.Dropout(0.2)(embedding)
    scores = keras.layers.Dense(count, activation="softmax")(hidden)
    return keras.Model(inputs, [scores, embedding])


def _augmented(batch: tf.Tensor) -> tf.Tensor:
    """Another gain, spectral curve, decay and start for each: another kit and room."""
    count, frames, bands = tf.shape(batch)[0], batch.shape[1], batch.shape[2]
    gain = tf.random.uniform([count, 1, 1, 1], -GAIN, GAIN)
    decay = tf.random.uniform([count, 1, 1, 1], -DECAY, DECAY)
    slope = tf.linspace(0.0, 1.0, frames)[None, :, None, None]
    # Half-cosines over the bands: tilt, then a dip or a bump, then finer.
    place = (np.arange(bands) + 0.5) / bands
    curves = np.cos(np.pi * np.outer(np.arange(1, CURVES + 1), place))
    weights = tf.random.uniform([count, CURVES], -CURVE, CURVE)
    curve = tf.matmul(weights, tf.constant(curves, tf.float32))[:, None, :, None]
    shifts = tf.random.uniform([count], 0, SHIFT + 1, tf.int32)
    padded = tf.concat([tf.repeat(batch[:, :1], SHIFT, axis=1), batch], axis=1)
    index = tf.range(frames)[None] + (SHIFT - shifts)[:, None]
    moved = tf.gather(padded, index, batch_dims=1)
    louder = moved + (gain + curve + decay * slope) / SCALE
    # Silence stays silence, whatever the room.
    return tf.maximum(louder, SILENCE)
