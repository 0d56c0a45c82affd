"""Both networks of the WaveNet autoencoder and how they learn."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from training.run.learner import Learner, Report
from training.tasks.wavenet import network
from training.tasks.wavenet.config import Config
from training.tasks.wavenet.crops import Crops

JUDGED = 64  # crops of each split
NATS_PER_BIT = float(np.log(2.0))


class WaveNetLearner(Learner):
    """Encoder and decoder, trained together."""

    def __init__(self, config: Config, crops: Crops, replicas: int = 1):
        super().__init__(config, replicas)
        self.crops, training = crops, config.training
        self.networks = network.named(config.model)
        self.averages = network.named(config.model)
        self.weights = [w for n in self.networks.values() for w in n.weights]
        rate = keras.optimizers.schedules.PiecewiseConstantDecay(
            list(training.rate_steps), list(training.rates)
        )
        self.optimizers = {"adam": keras.optimizers.Adam(rate, epsilon=1e-8)}
        self.ready({"adam": self.weights})

    def step(self, audio: tf.Tensor) -> Report:
        """Train on crops (B, T); gives their loss in bits per frame."""
        with tf.GradientTape() as tape:
            loss = network.loss(*self.networks.values(), audio)
        self.update("adam", tape, loss, self.weights)
        return {"bits": loss / NATS_PER_BIT}

    def judge(self, step: int, means: dict[str, float]) -> dict[str, float]:
        """Bits per frame in training, and of the valid part."""
        valid = bits(self.averages, self.config, self.crops, "valid")
        point = {"step": step} | means
        return point if valid is None else point | {"valid_bits": valid}


def bits(
    networks: dict[str, keras.Model], config: Config, crops: Crops, split: str
) -> float | None:
    """Bits per frame of some crops of a split, always the same; None without notes."""
    notes = crops.split(split)
    if not notes:
        return None
    random = np.random.default_rng(config.training.seed)
    losses = [
        network.loss(*networks.values(), crop[None])
        for crop in crops.draw(random, notes, JUDGED)
    ]
    return float(np.mean(losses)) / NATS_PER_BIT
