"""The training run of the WaveNet autoencoder: crops of notes, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from training.data import nsynth_notes as nsynth
from training.data.nsynth_notes import Note
from training.errors import DataError
from training.run import checkpoint, runtime
from training.run.board import Board
from training.run.clock import Clock
from training.run.interrupt import Interrupt
from training.tasks.notes.features import read_note
from training.tasks.notes.form import FRAMES
from training.tasks.wavenet import network
from training.tasks.wavenet.config import Config, from_json

REPORT_EVERY = 10  # steps
AHEAD = 8  # batches
JUDGED = 64  # crops of each split
NATS_PER_BIT = float(np.log(2.0))


class Learner:
    """Both networks, their average and the optimizer."""

    def __init__(self, config: Config):
        training = config.training
        self.ema = training.ema
        keras.utils.set_random_seed(training.seed)
        self.networks = network.build(config.model)
        self.average = network.build(config.model)
        self.weights = [w for n in self.networks for w in n.weights]
        self.averages = [w for n in self.average for w in n.weights]
        for average, weight in zip(self.averages, self.weights, strict=True):
            average.assign(weight)
        rate = keras.optimizers.schedules.PiecewiseConstantDecay(
            list(training.rate_steps), list(training.rates)
        )
        self.optimizer = keras.optimizers.Adam(rate, epsilon=1e-8)
        self.optimizer.build(self.weights)
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)

    def state(self) -> list:
        """Every variable of the run, in a fixed order."""
        return [*self.weights, *self.averages, *self.optimizer.variables, self.steps]

    def step(self, audio: tf.Tensor) -> tf.Tensor:
        """Train on crops (B, T); gives their loss in bits per frame."""
        with tf.GradientTape() as tape:
            loss = network.loss(*self.networks, audio)
        gradients = tape.gradient(loss, self.weights)
        self.optimizer.apply(gradients, self.weights)
        done = tf.cast(self.steps, tf.float32)
        keep = tf.minimum(self.ema, (1.0 + done) / (10.0 + done))
        for average, weight in zip(self.averages, self.weights, strict=True):
            average.assign(weight + keep * (average - weight))
        self.steps.assign_add(1)
        return loss / NATS_PER_BIT


class Run:
    """One training run on this machine."""

    def __init__(self, config: Config):
        self.config = config
        self.folder = Path(config.output.run)
        self.root = Path(config.data.source)
        self.notes = nsynth.read(self.root)
        self.trained_on = [n for n in self.notes if n.split == "train"]
        if not self.trained_on:
            raise DataError(f"{self.root}: no notes in its train split")
        self.learner = Learner(config)
        self.minutes = 0.0
        self._step = tf.function(
            self.learner.step, autograph=False, jit_compile=runtime.has_gpu()
        )

    @property
    def step(self) -> int:
        """Steps done so far."""
        return int(self.learner.steps.numpy())

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint, exactly where it was."""
        stored = checkpoint.load(path, from_json)
        checkpoint.restore(self.learner, stored)
        self.minutes = stored.facts["minutes"]

    def train(self) -> bool:
        """Train to the last step or until time is up; False if a signal ended it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        board = Board(self.folder / "board")
        steps = self.config.training.steps
        progress = tqdm(total=steps, initial=self.step, unit="step", smoothing=0.02)
        clock = Clock(self)
        with Interrupt() as interrupt, progress:
            for audio in self._batches():
                if self.step >= steps or clock.over() or interrupt.asked:
                    break
                bits = self._step(audio)
                progress.update()
                if self.step % REPORT_EVERY == 0:
                    line = [f"{float(bits):.3f} bits per frame", *clock.left()]
                    progress.set_postfix_str(", ".join(line))
                    board.scalars({"bits": float(bits)}, self.step)
                if clock.due("checkpoint", self.config.output.checkpoint_minutes):
                    self.save()
            self.save()
        return not interrupt.asked

    def save(self) -> None:
        """Write a checkpoint."""
        facts = {"minutes": round(self.minutes, 3), "notes": len(self.trained_on)}
        checkpoint.save(self.folder, self.config, self.learner, facts)

    def bits(self, split: str) -> float | None:
        """Cross-entropy of the averaged networks on some crops of a split."""
        notes = [n for n in self.notes if n.split == split]
        if not notes:
            return None
        random = np.random.default_rng(self.config.training.seed)
        crops = [self._crop(random, notes) for _ in range(JUDGED)]
        losses = [network.loss(*self.learner.average, c[None]) for c in crops]
        return float(np.mean(losses)) / NATS_PER_BIT

    def _batches(self):
        size, crop = self.config.training.batch, self.config.training.crop

        def generate(step):
            while True:
                seed = [self.config.training.seed, int(step)]
                random = np.random.default_rng(seed)
                crops = [self._crop(random, self.trained_on) for _ in range(size)]
                yield np.stack(crops)
                step += 1

        made = tf.data.Dataset.from_generator(
            generate,
            output_signature=tf.TensorSpec([size, crop], tf.float32),
            args=(self.step,),
        )
        return iter(made.prefetch(AHEAD))

    def _crop(self, random: np.random.Generator, notes: Sequence[Note]) -> np.ndarray:
        audio = read_note(self.root, notes[random.integers(len(notes))])
        start = random.integers(FRAMES - self.config.training.crop + 1)
        return audio[start : start + self.config.training.crop]
