"""Loudness over time, of a sound that comes piece by piece.

ITU-R BS.1770-4 and EBU Tech 3341: momentary over 0.4 s, short-term over 3 s, integrated
with both gates, all from mean squares of 0.1 s; the range of EBU Tech 3342. The
K-weighting filters are pyloudnorm's.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.views.loudness import RATE_RANGE

STEP_SECONDS = 0.1
MOMENTARY_STEPS, SHORT_TERM_STEPS = 4, 30
_ABSOLUTE_GATE, _RELATIVE_GATE, _RANGE_GATE = -70.0, -10.0, -20.0  # LUFS, LU, LU
_RANGE_PERCENT = (10, 95)
_OFFSET = -0.691  # of BS.1770: a sine of 997 Hz at full scale on one side is -3.01 LUFS
# What channels weigh, in the order of WAV and FLAC; the one for low frequencies is not
# measured. Where no order is agreed upon all weigh the same.
_SURROUND = 1.41
_WEIGHTS = {
    5: (1, 1, 1, _SURROUND, _SURROUND),
    6: (1, 1, 1, 0, _SURROUND, _SURROUND),
    8: (1, 1, 1, 0, _SURROUND, _SURROUND, _SURROUND, _SURROUND),
}


class LoudnessMeter:
    """Takes audio by `feed`; the results hold for what it was fed until then.

    Loudness is in LUFS, -inf for silence. Below 4 kHz and above 384 kHz nothing can be
    measured: `usable` is false then, and all results are empty.
    """

    def __init__(self, sample_rate: int, channels: int):
        low, high = RATE_RANGE
        self.usable = low <= sample_rate <= high
        self._step = max(1, round(STEP_SECONDS * sample_rate))
        self._weights = np.array(_WEIGHTS.get(channels, (1,) * channels), np.float64)
        self._squares: list[np.ndarray] = []  # weighted mean squares of steps
        self._rest = np.zeros((0, channels))
        self._filters = self._design(sample_rate, channels) if self.usable else []

    @staticmethod
    def _design(sample_rate: int, channels: int) -> list:
        from pyloudnorm import Meter

        stages = Meter(sample_rate)._filters.values()
        return [
            [stage.passband_gain * stage.b, stage.a, np.zeros((2, channels))]
            for stage in stages
        ]

    def feed(self, audio: np.ndarray) -> None:
        """Take the next frames, (frames, channels), finite."""
        if not self.usable or not len(audio):
            return
        from scipy.signal import lfilter

        weighted = audio.astype(np.float64)
        for stage in self._filters:
            weighted, stage[2] = lfilter(stage[0], stage[1], weighted, 0, stage[2])
        weighted = np.concatenate([self._rest, weighted])
        whole = len(weighted) // self._step * self._step
        self._rest = weighted[whole:]
        steps = weighted[:whole].reshape(-1, self._step, weighted.shape[1])
        self._squares.append(np.square(steps).mean(axis=1) @ self._weights)

    def momentary(self) -> np.ndarray:
        """Over 0.4 s, one value each 0.1 s; the first one at 0.4 s."""
        return _lufs(self._sliding(MOMENTARY_STEPS))

    def short_term(self) -> np.ndarray:
        """Over 3 s, one value each 0.1 s; the first one at 3 s."""
        return _lufs(self._sliding(SHORT_TERM_STEPS))

    def integrated(self) -> float | None:
        """Of the whole, gated; None for less than 0.4 s."""
        blocks = self._sliding(MOMENTARY_STEPS)
        if not len(blocks):
            return None
        return float(_lufs(_gated(blocks, _RELATIVE_GATE).mean()))

    def range(self) -> float | None:
        """Loudness range in LU; None for less than 3 s."""
        blocks = self._sliding(SHORT_TERM_STEPS)
        if not len(blocks):
            return None
        kept = _lufs(_gated(blocks, _RANGE_GATE))
        if not np.isfinite(kept).all():
            return 0.0
        low, high = np.percentile(kept, _RANGE_PERCENT)
        return float(high - low)

    def _sliding(self, steps: int) -> np.ndarray:
        squares = np.concatenate([np.zeros(0), *self._squares])
        if len(squares) < steps:
            return np.zeros(0)
        return np.lib.stride_tricks.sliding_window_view(squares, steps).mean(axis=1)


def _gated(blocks: np.ndarray, gate: float) -> np.ndarray:
    """The blocks that are loud enough to count; silence where none is."""
    loud = blocks[_lufs(blocks) > _ABSOLUTE_GATE]
    if len(loud):
        loud = loud[_lufs(loud) > _lufs(loud.mean()) + gate]
    return loud if len(loud) else np.zeros(1)


def _lufs(squares: np.ndarray | float) -> np.ndarray:
    floor = np.maximum(squares, 1e-300)
    return np.where(np.asarray(squares) > 0, _OFFSET + 10 * np.log10(floor), -math.inf)
