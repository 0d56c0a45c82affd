"""Band-limited playback at any pitch: a polyphase windowed-sinc interpolator.

Method: Smith, "Digital Audio Resampling" (CCRMA): a Kaiser-windowed sinc, stored at
`PHASES` fractions of a frame, linearly interpolated between two of them. When a sound
is played faster than one frame per frame, what would alias must go: each bank of the
table holds the filter for speeds up to its limit, with the taps that keep the slope as
steep.
"""

from __future__ import annotations

import functools

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel

PHASES = 256
_TAPS = 96  # at speed 1
_STOPBAND_DB = 92.0
BANK_LIMITS = tuple(2.0 ** (i / 3) for i in range(10))  # up to 8 times faster
MAX_STEP = BANK_LIMITS[-1]


def taps_for(limit: float) -> int:
    """Taps of a filter for speeds up to ``limit``: its slope stays as steep."""
    return int(np.ceil(_TAPS * limit / 32)) * 32


BANK_TAPS = tuple(taps_for(limit) for limit in BANK_LIMITS)
_OFFSETS = tuple(
    int(n) for n in np.cumsum([0] + [(PHASES + 1) * taps for taps in BANK_TAPS[:-1]])
)
TABLE_SIZE = (PHASES + 1) * sum(BANK_TAPS)
TAIL = _TAPS // 2  # frames that a sound rings on after its last one
PADDING = max(BANK_TAPS) // 2 + TAIL + 1  # frames of silence on both sides of a sound

_LIMIT_TABLE = np.array(BANK_LIMITS)
_TAPS_TABLE = np.array(BANK_TAPS)
_OFFSET_TABLE = np.array(_OFFSETS)


@functools.cache
def filter_table() -> np.ndarray:
    """All banks one after the other, float32: (PHASES + 1) rows of the bank's taps."""
    banks = zip(BANK_LIMITS, BANK_TAPS, strict=True)
    return np.concatenate([filter_bank(limit, taps).ravel() for limit, taps in banks])


def windowed_sinc(time: np.ndarray, limit: float, taps: int) -> np.ndarray:
    """A low-pass for speeds up to ``limit``, at times in frames from its middle.

    Kaiser's formulas: the slope ends where the target's half sample rate lies.
    """
    slope = (_STOPBAND_DB - 7.95) / (2.285 * (taps - 1)) / np.pi
    cutoff = 1 / limit - slope / 2
    beta = 0.1102 * (_STOPBAND_DB - 8.7)
    inside = np.clip(1 - (time / (taps / 2)) ** 2, 0, None)
    return np.sinc(cutoff * time) * np.i0(beta * np.sqrt(inside))


def filter_bank(limit: float, taps: int) -> np.ndarray:
    """The filter for speeds up to ``limit``, float32 (PHASES + 1, taps)."""
    phase = np.arange(PHASES + 1)[:, None] / PHASES
    bank = windowed_sinc(
        np.arange(taps)[None, :] - (taps // 2 - 1) - phase, limit, taps
    )
    return (bank / bank.sum(axis=1, keepdims=True)).astype(np.float32)


@rt_kernel
def bank_of(step):
    """Number of the bank for a speed in frames per frame of output. [any]"""
    bank = 0
    while step > _LIMIT_TABLE[bank] and bank < _LIMIT_TABLE.size - 1:
        bank += 1
    return bank


@rt_kernel
def taps_of(bank):
    """Taps of each filter of a bank. [any]"""
    return _TAPS_TABLE[bank]


@rt_kernel
def offset_of(bank):
    """Where a bank begins in the `filter_table`. [any]"""
    return _OFFSET_TABLE[bank]


@rt_kernel
def between_phases(filters, taps, frames, fraction):
    """A sum of ``taps`` frames: the value at a fraction 0..1 past the middle. [any]

    ``filters`` begins with the rows of a `filter_bank`; the frame that the fraction
    counts from is ``frames[taps // 2 - 1]``.
    """
    phase = fraction * PHASES
    row = int(phase)
    low = filters[row * taps :]
    high = low[taps:]
    below = above = np.float32(0.0)
    for i in range(taps):
        below += low[i] * frames[i]
        above += high[i] * frames[i]
    return below + (above - below) * (phase - row)


@rt_kernel
def sample_at(filters, sound, position, step):
    """The sound's value at a fraction of a frame, for playback at a speed. [audio]

    ``sound`` is float32 with `PADDING` zeros on both sides, ``position`` counts frames
    from the first one after the padding, ``step`` is in frames per frame of output.
    """
    bank = bank_of(step)
    taps = taps_of(bank)
    whole = int(position)
    first = sound[PADDING + whole - taps // 2 + 1 :]
    bank_filters = filters[offset_of(bank) :]
    return between_phases(bank_filters, taps, first, position - whole)
