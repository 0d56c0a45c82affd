"""The networks of a run, their average and optimizer; one training step."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.audio.dice import Dice
from training.data import nsynth
from training.run.learner import Heard, Learner, Report, divergence
from training.tasks.notes import losses, network
from training.tasks.notes.batches import Table
from training.tasks.notes.config import Config
from training.tasks.notes.features import Notes
from training.tasks.notes.form import HELD_SECONDS, RATE, SECONDS, grid
from training.tasks.notes.synth import render

# The keys that it was trained on are three semitones apart: without all this the
# encoder learns them by heart, and loses its way between them.
ROUGHNESS = 0.3  # nepers of power that the encoder's view is roughened by
PITCH_JITTER = 1.5  # semitones that it is told wrong
MOST_SHIFT = 1  # mel bands by which the view is moved
HIDDEN = 0.1  # of the view's bands and, again, of its cells
JUDGED = 256  # notes
PAIRS = 8


class NotesLearner(Learner):
    """Encoder and decoder, which one optimizer trains together."""

    def __init__(self, config: Config, notes: Notes, replicas: int = 1):
        super().__init__(config, replicas)
        self.notes, self.table = notes, Table.of(notes)
        self.networks = network.named(config.model)
        # What is shipped: the weights averaged over the last steps.
        self.averages = network.named(config.model)
        self.weights = [w for n in self.networks.values() for w in n.weights]
        rate = keras.optimizers.schedules.CosineDecay(
            config.training.learning_rate, config.training.steps, alpha=0.01
        )
        adam = keras.optimizers.Adam(rate, beta_2=0.99, clipnorm=1.0)
        self.optimizers = {"notes": adam}
        self.ready({"notes": self.weights})
        self._judged = tf.function(self._losses_of_average, autograph=False)

    def step(self, batch: dict[str, tf.Tensor]) -> Report:
        """Train on a batch of `batches`; gives its losses."""
        dice = Dice(batch["seed"])
        batch = batch | _roughened(batch, dice.of("view"))
        with tf.GradientTape() as tape:
            report = self.losses(*self.networks.values(), batch, dice)
        self.update("notes", tape, report["loss"], self.weights)
        return report

    def judge(self, step: int, means: dict[str, float]) -> dict[str, float]:
        """How far partials and noise are off (dB), on the same notes every time."""
        point = {"step": float(step)}
        for split in ("train", "valid", "test"):
            rows = self.notes.rows(split)
            if not len(rows):
                continue
            chosen = rows[:: max(1, len(rows) // JUDGED)][:JUDGED]
            every = np.arange(0, len(grid()), 4)
            moments = np.tile(every, (len(chosen), 1))
            batch = self.table.batch(chosen, chosen, moments)
            found = self._judged({k: tf.constant(v) for k, v in batch.items()})
            point[f"{split}_partials"] = float(found["partials"])
            point[f"{split}_noise"] = float(found["noise"])
        return point

    def listen(self) -> Heard:
        """Some held-out notes, each followed by what the networks make of it."""
        notes = self.notes
        rows = np.r_[notes.rows("valid"), notes.rows("test")]
        rows = rows if len(rows) else notes.rows("train")
        chosen = rows[:: max(1, len(rows) // PAIRS)][:PAIRS]
        audio, names = [], []
        for i, made in zip(chosen, self._decoded(chosen), strict=True):
            note = notes.notes[i]
            real = nsynth.sound(Path(self.config.data.source), note)
            audio += [10 ** (notes.gain_db[i] / 20) * real, made]
            label = f"{note.name.replace('/', '-')} {note.pitch} {note.velocity}"
            names += [f"{label} real", f"{label} decoded"]
        length = min(len(a) for a in audio)
        cut = np.stack([a[:length] for a in audio]).astype(np.float32)
        return Heard(cut, names, RATE, columns=2)

    def _decoded(self, rows: np.ndarray) -> np.ndarray:
        """Some notes (n, frames) by the averages, each encoded from itself."""
        encoder, decoder = self.averages.values()
        batch = self.table.batch(rows, rows, np.zeros((len(rows), 1), int))
        seen = batch["mel"], batch["encoded_pitch"], batch["encoded_velocity"]
        timbre, _ = encoder(*(tf.constant(x) for x in seen))
        return render(
            decoder,
            self.config.model.hop,
            batch["pitch"][:, 0],
            batch["velocity"][:, 0],
            timbre.numpy(),
            HELD_SECONDS,
            SECONDS,
        )

    def _losses_of_average(self, batch: dict[str, tf.Tensor]) -> Report:
        """Losses of the averaged networks, with timbres as the encoder means them."""
        return self.losses(*self.averages.values(), batch, None)

    def losses(self, encoder, decoder, batch, dice: Dice | None) -> Report:
        """Every part of the loss and, as ``loss``, their weighted sum."""
        mean, log_variance = encoder(
            batch["mel"], batch["encoded_pitch"], batch["encoded_velocity"]
        )
        timbre = mean
        if dice is not None:
            noise = dice.normal("timbre", tf.shape(mean))
            timbre = mean + tf.exp(0.5 * log_variance) * noise
        levels, traits = decoder(
            batch["pitch"],
            batch["velocity"],
            timbre,
            batch["seconds_on"],
            batch["seconds_off"],
        )
        report = losses.of_notes(levels, traits, batch)
        report["prior"] = divergence(mean, log_variance)
        weights = losses.WEIGHTS | {"prior": self.config.training.prior}
        report["loss"] = tf.add_n([weights[k] * v for k, v in report.items()])
        return report


def _roughened(batch: dict[str, tf.Tensor], dice: Dice) -> dict[str, tf.Tensor]:
    """What the encoder sees and is told, never twice the same."""
    mel, pitch = batch["mel"], batch["encoded_pitch"]
    count, cells, bands = mel.shape
    shift = dice.whole("shift", [count, 1], -MOST_SHIFT, MOST_SHIFT)
    moved = tf.clip_by_value(tf.range(bands)[None] + shift, 0, bands - 1)
    mel = tf.gather(mel, moved, axis=2, batch_dims=1)
    mel += ROUGHNESS * dice.normal("roughness", tf.shape(mel))
    seen = dice.uniform("bands", [count, 1, bands]) >= HIDDEN
    seen &= dice.uniform("cells", [count, cells, 1]) >= HIDDEN
    mean = tf.reduce_mean(mel, axis=(1, 2), keepdims=True)
    return {
        "mel": tf.where(seen, mel, mean),
        "encoded_pitch": pitch + PITCH_JITTER * dice.normal("key", tf.shape(pitch)),
    }
