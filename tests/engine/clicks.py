"""Measurements on audio: clicks, pitch, level, envelope."""

from __future__ import annotations

import numpy as np
from scipy import signal

from tests.engine.rig import RATE

_HIGH = signal.butter(8, 8000, "highpass", fs=RATE, output="sos")


def click_db(audio: np.ndarray, first: int = 0) -> float:
    """The highest peak above 8 kHz from a frame on: of low tones, only clicks."""
    return decibels(np.abs(signal.sosfilt(_HIGH, audio, axis=0))[first:].max())


def decibels(amplitude: float) -> float:
    """Amplitude to dB; silence is -240."""
    return 20 * np.log10(amplitude + 1e-12)


def level_of(audio: np.ndarray) -> np.ndarray:
    """The rms of each channel."""
    return np.sqrt(np.mean(np.square(audio, dtype=np.float64), axis=0))


def pitch_of(audio: np.ndarray, near_hz: float) -> float:
    """The frequency in Hz of a tone that is known to a semitone or so."""
    half = len(audio) // 2
    time = np.arange(half) / RATE
    window = np.hanning(half)

    def turned(hz: float) -> float:
        turning = np.exp(-2j * np.pi * hz * time)
        parts = (audio[:half, 0], audio[half : 2 * half, 0])
        first, second = ((part * window * turning).sum() for part in parts)
        return np.angle(second / first * np.exp(-2j * np.pi * hz * half / RATE))

    hz = near_hz
    for _ in range(4):
        hz += turned(hz) * RATE / (2 * np.pi * half)
    return hz


def cents(hz: float, reference_hz: float) -> float:
    """The distance of two pitches; 100 is a semitone."""
    return 1200 * np.log2(hz / reference_hz)


def envelope_of(audio: np.ndarray, hz: float) -> np.ndarray:
    """The amplitude of a tone in the left channel over time, a value per period."""
    period = round(RATE / hz)
    whole = audio[: len(audio) // period * period, 0].reshape(-1, period)
    return np.sqrt(2 * np.mean(np.square(whole, dtype=np.float64), axis=1))
