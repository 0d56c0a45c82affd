"""What each training step sees: a function of seed and step, so resume is exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.data import numbered
from training.tasks.notes.config import Config
from training.tasks.notes.features import Notes, decibels
from training.tasks.notes.form import HELD_SECONDS, grid

OWN = 0.25  # of the notes that are decoded from themselves, the rest from a sibling


@dataclass(frozen=True)
class Table:
    """Prepared notes as they are trained on, and what batches need to know of them.

    ``peak_db`` (n,) is the level of each note's loudest partial at its loudest moment,
    ``velocity`` (n,) is 0..1, both float32; ``gain_db`` is already added everywhere.
    """

    notes: Notes
    peak_db: np.ndarray
    velocity: np.ndarray

    @classmethod
    def of(cls, notes: Notes) -> Table:
        """Make it of prepared notes."""
        peak = decibels(notes.partials.max(axis=(1, 2))) + notes.gain_db
        return cls(notes, peak, notes.velocity(np.arange(len(notes.notes))))

    def batch(
        self, decoded: np.ndarray, encoded: np.ndarray, moments: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Notes to decode (B,) at ``moments`` (B, T), and notes to encode (B,)."""
        notes = self.notes
        gain = notes.gain_db[decoded][:, None]
        rows = decoded[:, None], moments
        seconds = grid()[moments]
        return {
            "mel": notes.mel[encoded].astype(np.float32),
            "encoded_pitch": notes.pitch[encoded][:, None],
            "encoded_velocity": self.velocity[encoded][:, None],
            "pitch": notes.pitch[decoded][:, None],
            "velocity": self.velocity[decoded][:, None],
            "seconds_on": seconds,
            "seconds_off": np.maximum(seconds - np.float32(HELD_SECONDS), 0.0),
            "partials": decibels(notes.partials[rows]) + gain[..., None],
            "noise": decibels(notes.noise[rows]) + gain[..., None],
            "ratios": notes.ratios[decoded].astype(np.float32),
            "wander": notes.wander[decoded].astype(np.float32),
            "fade": notes.fade[decoded].astype(np.float32),
            "peak": self.peak_db[decoded][:, None],
        }


class Draw:
    """Draws batches of the training notes of a table."""

    def __init__(self, table: Table, config: Config):
        self.table, self.training = table, config.training
        self.rows = table.notes.rows("train")
        owner = {i: r for r in table.notes.instruments().values() for i in r}
        inside = np.zeros(len(table.notes.notes), bool)
        inside[self.rows] = True
        # Notes of the same instrument, from which one may be encoded instead.
        self.siblings = {int(i): owner[i][inside[owner[i]]] for i in self.rows}

    def batch(self, number: int, size: int, worker: int = 0) -> dict[str, np.ndarray]:
        """The batch of a number, with the ``seed`` (2,) int32 of its step."""
        base = numbered.base(self.training.seed, worker)
        random = np.random.default_rng([base, number])
        decoded = random.choice(self.rows, size)
        own = random.random(size) < OWN
        other = [random.choice(self.siblings[int(i)]) for i in decoded]
        encoded = np.where(own, decoded, other)
        batch = self.table.batch(decoded, encoded, self._moments(random, size))
        return batch | {"seed": np.array([base, number], np.int32)}

    def _moments(self, random: np.random.Generator, size: int) -> np.ndarray:
        """Grid indices (B, T), one from each of T equal parts of the grid."""
        times = self.training.times
        place = np.arange(times) + random.random((size, times))
        return (place * (len(grid()) / times)).astype(int)
