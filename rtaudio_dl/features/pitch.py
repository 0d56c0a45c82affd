"""The pitch of a steady sound: what key a recorded note is, and whether one is in tune.

The period comes from the normalised difference function (YIN, de Cheveigne and
Kawahara, 2002), the exact frequency from the lowest partials in a long spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOWEST_HZ, HIGHEST_HZ = 25.0, 4_500.0
SHORTEST_SECONDS = 0.25
LONGEST_SECONDS = 4.0
TROUGH = 0.15  # of the difference function, from which on a lag is a period
PADDING = 8
PARTIALS = 3  # The lowest say the pitch; those of strings are stretched above.
NEARNESS = 0.03  # How far from its multiple a partial is looked for, as a share
SAMPLES_OF_PERIOD = 24  # at least, so that a trough has a bottom


@dataclass(frozen=True)
class Pitch:
    """``hz``, and how far the sound is from repeating: 0 exactly, 1 not at all."""

    hz: float
    aperiodicity: float

    @property
    def key(self) -> float:
        """MIDI note number, 69.0 for 440 Hz."""
        return 69.0 + 12.0 * float(np.log2(self.hz / 440.0))


def find_pitch(audio: np.ndarray, rate: int) -> Pitch:
    """Pitch of one channel (frames,) that holds one steady note.

    Raises ValueError if it is shorter than SHORTEST_SECONDS or silent.
    """
    audio = np.asarray(audio, np.float64)[: int(LONGEST_SECONDS * rate)]
    if len(audio) < SHORTEST_SECONDS * rate:
        raise ValueError(
            f"{len(audio) / rate:.2f} s; a pitch needs {SHORTEST_SECONDS} s or more"
        )
    audio = audio - audio.mean()
    if not np.abs(audio).max() > 1e-6:
        raise ValueError("silent; a pitch needs a sound")
    period, depth = _period(audio, rate)
    return Pitch(_refined(audio, rate, rate / period), depth)


def _period(audio: np.ndarray, rate: int) -> tuple[float, float]:
    """Period in frames, and the depth of its trough; low first, then fine."""
    longest = int(rate / LOWEST_HZ)
    part = audio[: 4 * longest]
    # Upsampled, or the period of a high note would be a few samples.
    above = max(1, int(np.ceil(SAMPLES_OF_PERIOD * HIGHEST_HZ / rate)))
    size = len(part)
    x = np.fft.irfft(np.fft.rfft(part), size * above) * above
    normal = _difference(x, longest * above)
    shortest = int(above * rate / HIGHEST_HZ)
    inner = normal[shortest + 1 : -1]
    low = (inner <= normal[shortest:-2]) & (inner < normal[shortest + 2 :])
    troughs = np.flatnonzero(low) + shortest + 1
    if not len(troughs):
        return float(longest), 1.0
    deep = troughs[normal[troughs] < TROUGH]
    lag = deep[0] if len(deep) else troughs[np.argmin(normal[troughs])]
    return lag / above, float(np.clip(normal[lag], 0.0, 1.0))


def _difference(x: np.ndarray, longest: int) -> np.ndarray:
    """Cumulative mean normalised difference of lags 0 to ``longest``."""
    width = len(x) - longest
    size = 2 ** int(np.ceil(np.log2(2 * len(x))))
    spectrum = np.fft.rfft(x, size) * np.conj(np.fft.rfft(x[:width], size))
    correlation = np.fft.irfft(spectrum, size)[: longest + 1]
    energy = np.concatenate([[0.0], np.cumsum(x**2)])
    lags = np.arange(longest + 1)
    difference = energy[width] + energy[lags + width] - energy[lags] - 2 * correlation
    mean = np.cumsum(difference[1:]) / np.arange(1, longest + 1)
    return np.r_[1.0, difference[1:] / np.maximum(mean, 1e-12)]


def _refined(audio: np.ndarray, rate: int, near_hz: float) -> float:
    """The frequency that the lowest partials near multiples of ``near_hz`` agree on."""
    size = PADDING * len(audio)
    magnitude = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), size))
    found, weight = 0.0, 0.0
    for k in range(1, PARTIALS + 1):
        centre, reach = k * near_hz * size / rate, NEARNESS * near_hz * size / rate
        low, high = int(centre - reach), int(centre + reach) + 1
        part = magnitude[low : high + 1]
        if high >= len(magnitude) or len(part) < 3:
            break
        peak = int(np.clip(np.argmax(part), 1, len(part) - 2))
        a, b, c = np.log(part[peak - 1 : peak + 2] + 1e-12)
        offset = np.clip(0.5 * (a - c) / min(a - 2 * b + c, -1e-9), -1, 1)
        found += part[peak] * (low + peak + offset) * rate / size / k
        weight += part[peak]
    return found / weight if weight > 0 else near_hz
