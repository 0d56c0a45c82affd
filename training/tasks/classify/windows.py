"""Cutting whole clips into the windows that a model hears, as the host would live."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.audio.pcm import INT16
from training.tasks.classify.batches import audible, place
from training.tasks.classify.cache import Clips

OVERLAP = 2  # windows that hear each frame of a long clip


@dataclass(frozen=True)
class Windows:
    """Windows (n, frames) int16 and for each the position of its clip in ``rows``."""

    audio: np.ndarray
    clip: np.ndarray

    def floats(self) -> np.ndarray:
        """The windows as float32 in -1..1."""
        return self.audio.astype(np.float32) / np.float32(INT16)


def cut(clips: Clips, rows: np.ndarray, frames: int) -> Windows:
    """The windows of entries ``rows``: one, in the middle, for a clip that fits.

    A longer clip gives windows that overlap by half, less those that hold only its
    silent parts.
    """
    audio, index = [], []
    for n, row in enumerate(rows):
        clip = np.asarray(clips.audio[0][row])
        for start in _starts(clip, frames):
            audio.append(place(clip, start, frames))
            index.append(n)
    return Windows(np.stack(audio), np.array(index))


def per_clip(scores: np.ndarray, windows: Windows) -> np.ndarray:
    """Mean of the windows' scores (n, C) for each clip, (clips, C)."""
    count = int(windows.clip.max()) + 1
    total = np.zeros((count, scores.shape[1]))
    np.add.at(total, windows.clip, scores)
    return total / np.bincount(windows.clip, minlength=count)[:, None]


def _starts(clip: np.ndarray, frames: int) -> list[int]:
    spare = len(clip) - frames
    if spare <= 0:
        return [spare // 2]
    count = 1 + -(-spare * OVERLAP // frames)
    starts = [round(spare * i / (count - 1)) for i in range(count)]
    return [s for s in starts if audible(clip, s, frames)] or starts
