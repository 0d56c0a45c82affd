"""Per-channel energy normalisation (Wang et al., 2017): a feature that adapts to level.

Its smoother, a first-order low-pass over time, is one constant matrix, so that an
exported graph holds it as a multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pcen:
    """Parameters as published but ``floor``, which is in units of our mel power."""

    smoothing: float = 0.025
    alpha: float = 0.98
    delta: float = 2.0
    root: float = 0.5
    floor: float = 1e-8


def smoother(count: int, smoothing: float) -> np.ndarray:
    """Matrix (count, count) float32 of m[t] = (1 - s) m[t-1] + s e[t], m[0] = e[0]."""
    t = np.arange(count)
    lag = t[:, None] - t
    matrix = np.where(lag >= 0, smoothing * (1.0 - smoothing) ** np.maximum(lag, 0), 0)
    matrix[:, 0] = (1.0 - smoothing) ** t
    return matrix.astype(np.float32)


def pcen(power: np.ndarray, parameters: Pcen) -> np.ndarray:
    """PCEN of mel power (..., feature frames, bands), float32 of the same shape."""
    power = np.asarray(power, np.float32)
    p = parameters
    level = smoother(power.shape[-2], p.smoothing) @ power
    adapted = power * np.exp(-p.alpha * np.log(level + np.float32(p.floor)))
    return ((adapted + p.delta) ** p.root - p.delta**p.root).astype(np.float32)
