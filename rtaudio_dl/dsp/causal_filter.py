"""Band-limited playback of a sound that is still being made: a causal filter.

`dsp/resampler.py` looks half a filter ahead, which is 3 ms at 16 kHz: a stream would
have to wait for it. Here the windowed sinc is turned into its minimum-phase twin, which
has the same magnitude, looks at no frame that is still to come, and rings only after
the sound. It delays low tones by three frames.

Method: Oppenheim and Schafer, "Discrete-Time Signal Processing": the phase of a
minimum-phase filter is the Hilbert transform of its log magnitude, found by folding the
real cepstrum.
"""

from __future__ import annotations

import functools

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.dsp.resampler import PHASES, between_phases, taps_for, windowed_sinc

_FLOOR = 1e-7  # of the magnitude whose logarithm is taken
_ROOM = 16  # times the filter's length, against aliasing of the cepstrum


@functools.cache
def causal_filter(step: float) -> tuple[np.ndarray, float]:
    """The filter for a speed in frames per frame of output, and its delay.

    Returns float32 (PHASES + 1, taps), the tap of the newest frame last, and the delay
    of low tones in frames of the sound.
    """
    limit = max(step, 1.0)
    taps = taps_for(limit)
    whole = _minimum_phase(_windowed_sinc(limit, taps))
    # Row p holds the filter for a position p / PHASES behind the newest frame.
    rows = np.zeros((PHASES + 1, taps))
    for phase in range(PHASES + 1):
        row = whole[phase::PHASES][:taps]
        rows[phase, taps - len(row) :] = row[::-1]
    rows /= rows.sum(axis=1, keepdims=True)
    delay = np.sum(np.arange(len(whole)) * whole) / np.sum(whole) / PHASES
    return np.ascontiguousarray(rows, np.float32), float(delay)


def _windowed_sinc(limit: float, taps: int) -> np.ndarray:
    count = taps * PHASES
    time = (np.arange(count) - (count - 1) / 2) / PHASES
    response = windowed_sinc(time, limit, taps)
    return response / response.sum()


def _minimum_phase(response: np.ndarray) -> np.ndarray:
    size = 1 << int(np.ceil(np.log2(_ROOM * len(response))))
    magnitude = np.maximum(np.abs(np.fft.rfft(response, size)), _FLOOR)
    cepstrum = np.fft.irfft(np.log(magnitude))
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    return np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[: len(response)]


@rt_kernel
def sample_behind(table, taps, line, position):
    """The value of a line at a fraction of a frame, from frames up to it. [audio]

    ``table`` holds the rows of `causal_filter` one after the other; ``line`` begins
    with ``taps`` older frames, and ``position`` counts frames from the one after them.
    """
    whole = int(position)
    return between_phases(table, taps, line[whole + 1 :], position - whole)
