"""How far a note strays from its key, and the note without it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.ndimage import map_coordinates, uniform_filter1d
from scipy.signal import resample_poly

from training.tasks.notes.form import RATE, TOP_HZ

PERIODS = 4  # in a window, at least
MAX_BEND = 60.0  # cents that a note may be off its key
BEND_HOP = 96  # frames
BEND_SMOOTH = 11  # hops


def bend_track(audio: np.ndarray, f0: float) -> np.ndarray:
    """Deviation from ``f0`` in cents, every `BEND_HOP` frames: from the low partials.

    The phase of a partial, seen from a hop later, says its frequency.
    """
    hop = BEND_HOP
    kernel, orders = _bend_kernel(f0)
    window = len(kernel)
    starts = np.arange(0, len(audio) - hop, hop)
    padded = np.pad(audio, (window // 2, window)).astype(np.float32)
    parts = padded[starts[:, None] + np.arange(window)] @ kernel
    seen = parts[:, : len(orders)] - 1j * parts[:, len(orders) :]
    turn = seen[1:] * np.conj(seen[:-1])
    turn *= np.exp(-2j * np.pi * f0 / RATE * hop * orders)
    off = np.angle(turn) / (2 * np.pi * hop) * RATE / (orders * f0)
    inside = np.abs(off) < 2 ** (MAX_BEND / 1200) - 1
    weight = np.abs(turn) * inside + 1e-20
    # Half a note's energy must agree, or there is nothing to follow.
    strong = (np.abs(turn) * inside).sum(1) > 0.5 * np.abs(turn).sum(1)
    above = uniform_filter1d((off * weight).sum(1) * strong, BEND_SMOOTH)
    below = uniform_filter1d(weight.sum(1) * strong, BEND_SMOOTH)
    level = below / max(below.max(), 1e-20)
    track = above / np.maximum(below, 1e-20)
    if not (level > 1e-3).any():
        return np.zeros(len(starts))
    mean = np.median(track[level > 1e-3])
    return 1200 * np.log2(1 + np.where(level > 1e-5, track, mean))


@lru_cache(maxsize=8)
def _bend_kernel(f0: float) -> tuple[np.ndarray, np.ndarray]:
    """Windowed cosines and sines of the lowest partials, and their orders.

    Only those whose phase turns by less than half a cycle in a hop at `MAX_BEND`.
    """
    widest = 2 ** (MAX_BEND / 1200) - 1
    most = RATE / (2 * BEND_HOP * widest * f0)
    orders = np.arange(1, int(np.clip(min(most, TOP_HZ / f0), 1, 8)) + 1)
    window = int(max(PERIODS * RATE / f0, 512))
    angle = 2 * np.pi * f0 / RATE * np.outer(np.arange(window), orders)
    waves = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    return (np.hanning(window)[:, None] * waves).astype(np.float32), orders


def unbend(audio: np.ndarray, cents: np.ndarray) -> np.ndarray:
    """The note played so fast or slow at each moment that its pitch stays on its key.

    ``cents`` is the track of `bend_track`; the length in frames stays.
    """
    if np.abs(cents).max() < 1.0:
        return audio
    above = 2
    high = resample_poly(audio, above, 1)
    places = np.arange(len(cents)) * BEND_HOP
    speed = 2.0 ** (-np.interp(np.arange(len(audio)), places, cents) / 1200)
    where = np.r_[0.0, np.cumsum(speed)[:-1]] * above
    return map_coordinates(high, where[None], order=3, mode="nearest").astype(
        np.float32
    )
