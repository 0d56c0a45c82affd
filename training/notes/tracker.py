"""A pitch tracker that knows nothing of the synthesiser: is it in tune?"""

from __future__ import annotations

import numpy as np
from scipy.signal import find_peaks, resample_poly

LOWEST_HZ, HIGHEST_HZ = 30.0, 4_500.0
ABOVE = 4  # upsampling, so that the period of a high note is many samples
TROUGH = 0.15  # of the difference function, from which on a lag is a period
PADDING = 8
PARTIALS = 3  # The lowest say the pitch; those of strings are stretched above.


def track(audio: np.ndarray, rate: int) -> float:
    """Fundamental frequency in Hz of a steady sound (frames,).

    The period comes from the normalised difference function (YIN, de Cheveigne and
    Kawahara, 2002), its exact frequency from the peaks of a long spectrum.
    """
    return _refined(audio, rate, rate * ABOVE / _period(audio, rate))


def cents(found_hz: float, wanted_hz: float) -> float:
    """How far a frequency is above another, in cents."""
    return float(1200.0 * np.log2(found_hz / wanted_hz))


def _period(audio: np.ndarray, rate: int) -> float:
    """Period in upsampled frames: the first deep trough of the difference function."""
    longest = int(ABOVE * rate / LOWEST_HZ)
    shortest = int(ABOVE * rate / HIGHEST_HZ)
    x = resample_poly(audio.astype(np.float64), ABOVE, 1)[: 4 * longest]
    width = len(x) - longest
    size = 2 ** int(np.ceil(np.log2(2 * len(x))))
    spectrum = np.fft.rfft(x, size) * np.conj(np.fft.rfft(x[:width], size))
    correlation = np.fft.irfft(spectrum, size)[: longest + 1]
    energy = np.concatenate([[0.0], np.cumsum(x**2)])
    lags = np.arange(longest + 1)
    difference = energy[width] + energy[lags + width] - energy[lags] - 2 * correlation
    mean = np.cumsum(difference[1:]) / np.arange(1, longest + 1)
    normal = np.r_[1.0, difference[1:] / np.maximum(mean, 1e-12)]
    troughs = find_peaks(-normal[shortest:])[0] + shortest
    if not len(troughs):
        return float(longest)
    deep = troughs[normal[troughs] < TROUGH]
    return float(deep[0] if len(deep) else troughs[np.argmin(normal[troughs])])


def _refined(audio: np.ndarray, rate: int, near_hz: float) -> float:
    """The frequency that the lowest partials near multiples of ``near_hz`` agree on."""
    size = PADDING * len(audio)
    magnitude = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), size))
    found, weight = 0.0, 0.0
    for k in range(1, PARTIALS + 1):
        low, high = (int(k * near_hz * r * size / rate) for r in (0.96, 1.04))
        part = magnitude[low : high + 1]
        if len(part) < 3 or high >= len(magnitude):
            break
        peak = int(np.clip(np.argmax(part), 1, len(part) - 2))
        a, b, c = np.log(part[peak - 1 : peak + 2] + 1e-12)
        offset = 0.5 * (a - c) / min(a - 2 * b + c, -1e-9)
        found += part[peak] * (low + peak + np.clip(offset, -1, 1)) * rate / size / k
        weight += part[peak]
    return found / weight if weight > 0 else near_hz
