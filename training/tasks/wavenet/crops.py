"""Crops of notes: what the WaveNet autoencoder is trained on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data import nsynth, numbered
from training.errors import DataError


@dataclass(frozen=True)
class Crops:
    """The notes of a folder in NSynth's format, cut to ``crop`` frames at random."""

    root: Path
    notes: tuple[nsynth.Note, ...]
    crop: int
    digest: str

    def split(self, name: str) -> list[nsynth.Note]:
        """The notes of a split."""
        return [n for n in self.notes if n.split == name]

    def facts(self) -> dict:
        """What a checkpoint tells of the training notes."""
        return {"notes": len(self.split("train"))}

    def draw(
        self, random: np.random.Generator, notes: list[nsynth.Note], count: int
    ) -> np.ndarray:
        """Crops (count, crop) float32 of some notes."""
        crops = []
        for _ in range(count):
            audio = nsynth.sound(self.root, notes[random.integers(len(notes))])
            start = random.integers(nsynth.FRAMES - self.crop + 1)
            crops.append(audio[start : start + self.crop])
        return np.stack(crops)

    def batches(self, seed: int, start: int, size: int, worker: int):
        """Endless crops (size, crop), each batch a function of its number."""
        base, notes = numbered.base(seed, worker), self.split("train")

        def make(number: int) -> tuple[np.ndarray]:
            return (self.draw(np.random.default_rng([base, number]), notes, size),)

        return numbered.of_arrays(start, make)


def load(root: Path, crop: int) -> Crops:
    """Read a folder's notes. Raises DataError if there are none to train on."""
    notes = nsynth.read(root)
    crops = Crops(root, notes, crop, _digest(root, notes))
    if not crops.split("train"):
        raise DataError(f"{root}: no notes in its train split")
    return crops


def _digest(root: Path, notes: tuple[nsynth.Note, ...]) -> str:
    """Digest of the notes and of the files that hold them."""
    digest = hashlib.sha256("\n".join(map(repr, notes)).encode())
    for path in sorted({note.path for note in notes}):
        try:
            stat = (root / path).stat()
        except OSError:
            raise DataError(f"{root / path}: listed, but not there") from None
        digest.update(f"{stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
