"""Loudness over time, of a sound that comes piece by piece.

ITU-R BS.1770-4 and EBU Tech 3341: momentary over 0.4 s, short-term over 3 s, integrated
with both gates, all from mean squares of 0.1 s; the range of EBU Tech 3342.

The K-weighting is designed for any rate from the analogue filters that BS.1770's
coefficients at 48 kHz come from (R. Bristow-Johnson, "Cookbook formulae for audio EQ
biquad filter coefficients").
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.dsp.biquad import Biquads

RATE_RANGE = (4_000, 384_000)  # Hz

STEP_SECONDS = 0.1
_HEAD = 1500.0, 1 / math.sqrt(2), 4.0  # Hz, Q, dB: the shelf of a head
_LOW_CUT = 38.0, 0.5  # Hz, Q
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
        self._filter = (
            Biquads(k_weighting(sample_rate), channels) if self.usable else None
        )

    def feed(self, audio: np.ndarray) -> None:
        """Take the next frames, (frames, channels), finite."""
        if self._filter is None or not len(audio):
            return
        weighted = np.concatenate([self._rest, self._filter.run(audio)])
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


def k_weighting(sample_rate: float) -> np.ndarray:
    """The two stages of BS.1770's weighting at a rate in Hz, shape (2, 5)."""
    return np.stack(
        [
            _high_shelf(sample_rate, *_HEAD),
            _high_pass(sample_rate, *_LOW_CUT),
        ]
    )


def _high_shelf(rate: float, hz: float, q: float, gain_db: float) -> np.ndarray:
    a = 10 ** (gain_db / 40)
    w = 2 * math.pi * hz / rate
    alpha, cosine, root = math.sin(w) / (2 * q), math.cos(w), 2 * math.sqrt(a)
    b0 = a * ((a + 1) + (a - 1) * cosine + root * alpha)
    b1 = -2 * a * ((a - 1) + (a + 1) * cosine)
    b2 = a * ((a + 1) + (a - 1) * cosine - root * alpha)
    a0 = (a + 1) - (a - 1) * cosine + root * alpha
    a1 = 2 * ((a - 1) - (a + 1) * cosine)
    a2 = (a + 1) - (a - 1) * cosine - root * alpha
    return np.array([b0, b1, b2, a1, a2]) / a0


def _high_pass(rate: float, hz: float, q: float) -> np.ndarray:
    w = 2 * math.pi * hz / rate
    alpha, cosine = math.sin(w) / (2 * q), math.cos(w)
    b0 = (1 + cosine) / 2
    return np.array([b0, -2 * b0, b0, -2 * cosine, 1 - alpha]) / (1 + alpha)


def _gated(blocks: np.ndarray, gate: float) -> np.ndarray:
    """The blocks that are loud enough to count; silence where none is."""
    loud = blocks[_lufs(blocks) > _ABSOLUTE_GATE]
    if len(loud):
        loud = loud[_lufs(loud) > _lufs(loud.mean()) + gate]
    return loud if len(loud) else np.zeros(1)


def _lufs(squares: np.ndarray | float) -> np.ndarray:
    floor = np.maximum(squares, 1e-300)
    return np.where(np.asarray(squares) > 0, _OFFSET + 10 * np.log10(floor), -math.inf)
