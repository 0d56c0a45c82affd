"""Trained networks, to play, judge or export."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from training.errors import DataError
from training.run import trained
from training.tasks.notes import network, synth
from training.tasks.notes.config import Config
from training.tasks.notes.features import Notes
from training.tasks.notes.form import HELD_SECONDS, SECONDS

BATCH = 64
LOWEST_KEY, HIGHEST_KEY = 36, 96  # of a line to listen to


@dataclass(frozen=True)
class Trained:
    """The averaged networks, their configuration, and facts of their run."""

    encoder: network.Encoder
    decoder: network.Decoder
    config: Config
    facts: dict

    @classmethod
    def of(cls, read: trained.Trained) -> Trained:
        """Make it of what a checkpoint held."""
        return cls(*read.networks.values(), read.config, read.facts)

    def encode(
        self, mel: np.ndarray, pitch: np.ndarray, velocity: np.ndarray
    ) -> np.ndarray:
        """Timbres (n, Z) of what `features.encoder_view` made of notes (n, ...).

        ``pitch`` and ``velocity`` (0..1) are (n,).
        """
        inputs = mel, pitch[:, None], velocity[:, None]
        parts = [
            self.encoder(*(tf.constant(x[i : i + BATCH], tf.float32) for x in inputs))
            for i in range(0, len(mel), BATCH)
        ]
        return np.concatenate([mean.numpy() for mean, _ in parts])

    def render(
        self,
        pitch: np.ndarray,
        velocity: np.ndarray,
        timbre: np.ndarray,
        held: float = HELD_SECONDS,
        seconds: float = SECONDS,
    ) -> np.ndarray:
        """Notes (n, frames) float32 of keys and velocities (n,), timbres (n, Z)."""
        parts = [
            synth.render(
                self.decoder,
                self.config.model.hop,
                pitch[i : i + BATCH].astype(np.float32),
                velocity[i : i + BATCH].astype(np.float32),
                timbre[i : i + BATCH].astype(np.float32),
                held,
                seconds,
                seed=i,
            )
            for i in range(0, len(pitch), BATCH)
        ]
        return np.concatenate(parts)


def timbres(trained: Trained, notes: Notes) -> dict[str, dict]:
    """The instruments that were trained on: name -> {"z", "family", "xy"}.

    ``z`` is the mean over an instrument's notes; ``xy``, 0..1 each, is where it lies on
    the plane that shows most of their differences.
    """
    rows = notes.rows("train")
    if not len(rows):
        raise DataError("no notes in the train split, so there is no instrument")
    means = mean_timbres(trained, notes, rows)
    family = {notes.notes[row].name: notes.notes[row].family for row in rows[::-1]}
    return {
        name: {
            "z": [round(float(v), 4) for v in mean],
            "family": family[name],
            "xy": [round(float(v), 4) for v in at],
        }
        for (name, mean), at in zip(
            means.items(), plane(np.stack(list(means.values()))), strict=True
        )
    }


def mean_timbres(
    trained: Trained, notes: Notes, rows: np.ndarray
) -> dict[str, np.ndarray]:
    """The mean timbre (Z,) of each instrument over those of its notes in ``rows``."""
    if not len(rows):
        return {}
    z = trained.encode(notes.mel[rows], notes.pitch[rows], notes.velocity(rows))
    found: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        found.setdefault(notes.notes[row].name, []).append(place)
    return {name: z[places].mean(0) for name, places in found.items()}


def plane(points: np.ndarray) -> np.ndarray:
    """The two principal components of (n, Z) points, each spread over 0..1."""
    centred = points - points.mean(0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    flat = centred @ axes[:2].T
    low, span = flat.min(0), np.maximum(np.ptp(flat, axis=0), 1e-9)
    return (flat - low) / span


def lines(
    trained: Trained, notes: Notes, each: int
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """A rising line of ``each`` notes by every instrument.

    Gives the instrument of each note, the notes (n, frames), and the place of a middle
    one of every instrument.
    """
    found = timbres(trained, notes)
    names = [name.replace("/", "-") for name in found]
    keys = np.linspace(LOWEST_KEY, HIGHEST_KEY, each).round()
    z = np.repeat([t["z"] for t in found.values()], len(keys), axis=0)
    pitch = np.tile(keys, len(found))
    audio = trained.render(pitch, np.full(len(pitch), 0.8), z, 0.7, 1.2)
    labels = [name for name in names for _ in keys]
    return labels, audio, np.arange(len(found)) * len(keys) + len(keys) // 2
