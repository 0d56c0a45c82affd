"""A classifier of families, trained on real notes, to judge decoded ones."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from training.data.nsynth import FAMILIES
from training.tasks.notes.features import Notes, encoder_view

BATCH = 128
CHANNELS = (24, 48, 64)
EMBEDDING = 64
LEARNING_RATE = 2e-3
SCALE, OFFSET = 4.0, 8.0  # Bring log-mel to about -2..2.
ROUGHNESS = 0.5  # nepers of power: the judge is not to hang on details
CHUNK = 64  # sounds whose view is computed at once
PEAK = 0.9  # to which each sound is brought: no level of noise is to tell its family


@dataclass(frozen=True)
class Judge:
    """Scores (n, families) and an embedding (n, EMBEDDING) of sounds (n, FRAMES)."""

    model: keras.Model

    def hear(self, audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores and embedding."""
        views = view(audio)
        parts = [
            self.model(_scaled(views[i : i + CHUNK]), training=False)
            for i in range(0, len(audio), CHUNK)
        ]
        scores, embedded = zip(*parts, strict=True)
        return np.concatenate(scores), np.concatenate(embedded)


def view(audio: np.ndarray) -> np.ndarray:
    """What it sees of sounds (n, FRAMES): (n, CELLS, bands) float16."""
    peak = np.abs(audio).max(axis=1, keepdims=True)
    level = audio * (PEAK / np.maximum(peak, 1e-6))
    parts = [encoder_view(level[i : i + CHUNK]) for i in range(0, len(level), CHUNK)]
    return np.concatenate(parts).astype(np.float16)


def labels(notes: Notes, rows: np.ndarray) -> np.ndarray:
    """Index in `FAMILIES` of some notes."""
    return np.array([FAMILIES.index(notes.notes[i].family) for i in rows])


def train(views: np.ndarray, truth: np.ndarray, steps: int, seed: int) -> Judge:
    """Train for some batches of real notes' views, every family equally often.

    ``truth`` (n,) are their `labels`.
    """
    keras.utils.set_random_seed(seed)
    model = _network(views.shape[1:])
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-3)
    optimizer.build(model.trainable_variables)

    @tf.function(autograph=False)
    def step(view, truth):
        with tf.GradientTape() as tape:
            scores, _ = model(view, training=True)
            loss = tf.reduce_mean(
                keras.losses.sparse_categorical_crossentropy(truth, scores)
            )
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    random = np.random.default_rng(seed)
    chances = 1.0 / np.bincount(truth, minlength=len(FAMILIES))[truth]
    chances /= chances.sum()
    for _ in range(steps):
        chosen = random.choice(len(views), BATCH, p=chances)
        rough = random.standard_normal((BATCH, *views.shape[1:]), np.float32)
        seen = views[chosen].astype(np.float32) + ROUGHNESS * rough
        step(_scaled(seen), tf.constant(truth[chosen]))
    return Judge(model)


def _scaled(views: np.ndarray) -> tf.Tensor:
    scaled = (views.astype(np.float32) + OFFSET) / SCALE
    return tf.constant(scaled[..., None])


def _network(shape: tuple[int, ...]) -> keras.Model:
    layers = keras.layers
    inputs = keras.Input((*shape, 1))
    hidden = inputs
    for width in CHANNELS:
        hidden = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(
            hidden
        )
        # The default momentum of .99 outlasts so short a training.
        hidden = layers.BatchNormalization(momentum=0.9)(hidden)
        hidden = layers.ReLU()(hidden)
    hidden = layers.Dropout(0.3)(layers.Flatten()(hidden))
    embedding = layers.Dense(EMBEDDING, activation="relu")(hidden)
    scores = layers.Dense(len(FAMILIES), activation="softmax")(embedding)
    return keras.Model(inputs, [scores, embedding])
