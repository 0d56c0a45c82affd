"""Distances between notes, as plain NumPy on audio (n, frames)."""

from __future__ import annotations

import numpy as np

from rtaudio_dl.features import LogMel, log_mel
from training.tasks.notes.form import RATE

WINDOWS = (2_048, 1_024, 512, 256, 128, 64)
FLOOR = 1e-3  # of magnitude: about -60 dB below a full-scale sine in a window of 2048
VIEW = LogMel(RATE, window=1024, hop=512, bands=64)


def spectral_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Multi-scale spectral distance of each pair of sounds, (n,).

    Mean over six windows of the difference of magnitudes, relative to the mean
    magnitude of ``a``, plus that of their natural logarithms (Engel et al., 2020).
    """
    return np.array([_distance(x, y) for x, y in zip(a, b, strict=True)])


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    parts = []
    for window in WINDOWS:
        x, y = _magnitudes(a, window), _magnitudes(b, window)
        linear = np.abs(x - y).mean() / max(float(x.mean()), 1e-9)
        log = np.abs(np.log(x + FLOOR) - np.log(y + FLOOR)).mean()
        parts.append(linear + log)
    return float(np.mean(parts))


def _magnitudes(audio: np.ndarray, window: int) -> np.ndarray:
    starts = np.arange(0, len(audio) - window + 1, window // 4)
    framed = audio[starts[:, None] + np.arange(window)] * np.hanning(window)
    return np.abs(np.fft.rfft(framed.astype(np.float32)))


def smoothness(steps: np.ndarray) -> dict[str, float]:
    """How even the way through sounds (steps, frames) is, first to last.

    ``detour``: its length over the distance of its ends, 1 for a straight line;
    ``largest_step``: the largest step over the mean one; ``order``: share of steps that
    go away from the first sound and towards the last.
    """
    x = log_mel(steps, VIEW).reshape(len(steps), -1)
    x = np.maximum(x, x.max() - 14.0)  # 60 dB: what is softer is not heard
    each = np.sqrt(((x[1:] - x[:-1]) ** 2).mean(1))
    whole = np.sqrt(((x[-1] - x[0]) ** 2).mean())
    away = np.diff(np.sqrt(((x - x[0]) ** 2).mean(1))) > 0
    nearer = np.diff(np.sqrt(((x - x[-1]) ** 2).mean(1))) < 0
    return {
        "detour": float(each.sum() / max(whole, 1e-9)),
        "largest_step": float(each.max() / max(each.mean(), 1e-9)),
        "order": float(np.mean(np.r_[away, nearer])),
    }
