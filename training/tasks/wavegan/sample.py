"""A trained generator to play, judge or export."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from training.run import trained
from training.tasks.wavegan.config import Config
from training.tasks.wavegan.generator import Generator

BATCH = 64
SAMPLE_SEED = 12_345


@dataclass(frozen=True)
class Trained:
    """The averaged generator in float32, its configuration, and facts of its run."""

    generator: Generator
    config: Config
    facts: dict

    @classmethod
    def of(cls, read: trained.Trained) -> Trained:
        """Make it of what a checkpoint held."""
        return cls(read.networks["generator"], read.config, read.facts)

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in index order; empty for an unconditional model."""
        return self.config.data.classes if self.config.model.conditional else ()


def built(config: Config) -> Generator:
    """The generator of a configuration with its variables, not trained."""
    classes = len(config.data.classes) if config.model.conditional else 1
    generator = Generator(config)
    generator(tf.zeros([1, config.model.latent]), tf.zeros([1, classes]))
    return generator


def latents(config: Config, count: int, seed: int) -> np.ndarray:
    """(count, Z) float32 from the model's latent distribution."""
    random = np.random.default_rng(seed)
    shape = (count, config.model.latent)
    if config.model.latent_distribution == "normal":
        return random.standard_normal(shape, np.float32)
    return random.uniform(-1.0, 1.0, shape).astype(np.float32)


def generate(trained: Trained, classes: np.ndarray, seed: int) -> np.ndarray:
    """One sound for each class index (n,): (n, frames) float32."""
    count = max(1, len(trained.labels))
    z = latents(trained.config, len(classes), seed)
    one_hot = np.eye(count, dtype=np.float32)[classes]
    parts = [
        trained.generator(
            tf.constant(z[i : i + BATCH]), tf.constant(one_hot[i : i + BATCH])
        ).numpy()
        for i in range(0, len(z), BATCH)
    ]
    return np.concatenate(parts)


def samples(trained: Trained, each: int) -> tuple[np.ndarray, list[str]]:
    """``each`` sounds of every class, and the name of each sound's class."""
    labels = trained.labels or (trained.config.model.name,)
    classes = np.repeat(np.arange(len(labels)), each)
    audio = generate(trained, classes, SAMPLE_SEED)
    return audio, [labels[k] for k in classes]
