"""Plain checks of sounds that a musician would hear at once: onset, tail, DC, tones."""

from __future__ import annotations

import numpy as np

TAIL_SECONDS = 0.01
ATTACK_DB = -20.0
LINE_HALF_WIDTH_HZ = 60.0

# What each figure may be; `figures` says what they are.
LIMITS = {
    "first_sample": (0.0, 0.02),
    "attack_ms": (0.0, 20.0),
    "tail_db": (-200.0, -60.0),
    "dc": (0.0, 1e-3),
    "peak_low": (0.5, 0.99),
    "peak_high": (0.5, 0.99),
}


def figures(audio: np.ndarray, sample_rate: int) -> dict[str, float]:
    """The worst of some sounds (n, frames) in each respect.

    ``first_sample`` is the largest |first sample|; ``attack_ms`` the time until the
    level is 20 dB below the peak, for the slowest but 5 % (a spread attack is late on
    the beat); ``tail_db`` the RMS of the last 10 ms against full scale; ``dc`` the
    largest |mean|; ``peak_low`` and ``peak_high`` the range of peaks; ``line_db`` how
    far the multiples of rate / 4^k stand out of the mean spectrum.
    """
    peaks = np.abs(audio).max(axis=1)
    loud = np.abs(audio) >= peaks[:, None] * 10 ** (ATTACK_DB / 20)
    tail = audio[:, -round(TAIL_SECONDS * sample_rate) :]
    return {
        "first_sample": float(np.abs(audio[:, 0]).max()),
        "attack_ms": float(np.percentile(loud.argmax(axis=1), 95) * 1e3 / sample_rate),
        "tail_db": decibels(float(np.sqrt((tail**2).mean(axis=1)).max())),
        "dc": float(np.abs(audio.mean(axis=1)).max()),
        "peak_low": float(peaks.min()),
        "peak_high": float(peaks.max()),
        "line_db": line_db(audio, sample_rate),
    }


def line_db(audio: np.ndarray, sample_rate: int) -> float:
    """The strongest line that upsampling by 4 may leave, in dB above its surroundings.

    Looked for in the quieter second half of the sounds, at rate / 4 and rate / 16 and
    their multiples.
    """
    half = audio[:, audio.shape[1] // 2 :]
    window = np.hanning(half.shape[1])
    spectrum = (np.abs(np.fft.rfft(half * window)) ** 2).mean(axis=0) + 1e-12
    width = sample_rate / half.shape[1]
    near = max(2, round(LINE_HALF_WIDTH_HZ / width))
    heights = []
    for hz in np.arange(sample_rate / 16, sample_rate / 2 - 1, sample_rate / 16):
        centre = round(hz / width)
        around = spectrum[max(0, centre - near) : centre + near + 1]
        line = spectrum[max(0, centre - 1) : centre + 2].max()
        heights.append(10 * np.log10(line / np.median(around)))
    return float(max(heights, default=0.0))


def failures(found: dict[str, float]) -> list[str]:
    """What is outside of `LIMITS`, in words."""
    return [
        f"{name} is {found[name]:.4g}; allowed: {low} to {high}"
        for name, (low, high) in LIMITS.items()
        if not low <= found[name] <= high
    ]


def decibels(level: float) -> float:
    """20 log10 of a level, not under -200 dB."""
    return float(20 * np.log10(max(level, 1e-10)))
