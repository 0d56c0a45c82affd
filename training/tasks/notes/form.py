"""What a note is here: its rate and length, its moments, its partials and bands."""

from __future__ import annotations

from functools import cache

import numpy as np

from training.data.nsynth import FRAMES, HELD_SECONDS, RATE, SECONDS

__all__ = ["FRAMES", "HELD_SECONDS", "RATE", "SECONDS"]

PARTIALS = 96
BANDS = 24
TOP_HZ = 7_600.0  # Partials above are left out: their upper half would alias.


@cache
def grid() -> np.ndarray:
    """Times at which a note is looked at, in seconds since its onset, (T,) float32.

    Close together after the onset and after the release, where sounds change fast.
    """
    ms = np.r_[
        np.arange(0, 52, 4),
        np.arange(56, 128, 8),
        np.arange(136, 312, 16),
        np.arange(325, 2_950, 25),
        np.arange(2_950, 3_000, 25),
        3_000 + np.array([4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768]),
    ]
    return (ms / 1_000).astype(np.float32)


def hz(pitch: float) -> float:
    """Frequency of a MIDI note number."""
    return 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)


def partial_count(pitch: float) -> int:
    """How many partials of a key lie below `TOP_HZ`."""
    return int(min(PARTIALS, TOP_HZ // hz(pitch)))


@cache
def band_edges() -> np.ndarray:
    """Edges of the noise bands in Hz, (BANDS + 1,): even on the mel scale."""
    top = 2595.0 * np.log10(1.0 + RATE / 2 / 700.0)
    return 700.0 * (10.0 ** (np.linspace(0.0, top, BANDS + 1) / 2595.0) - 1.0)
