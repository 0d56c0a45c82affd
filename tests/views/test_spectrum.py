"""Envelopes and spectra against what is known of a sound."""

import numpy as np
import pytest

from rtaudio_dl.views.spectrum import envelope, log_spectrogram

RATE = 16_000


def sine(frequency_hz: float, seconds: float = 1.0, peak: float = 1.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (peak * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)


@pytest.mark.parametrize("frames", [1, 7, 1400, 1401, 100_003])
def test_the_envelope_holds_every_extreme(frames):
    audio = np.random.default_rng(frames).uniform(-1, 1, (frames, 2))
    low, high, rms = envelope(audio, 1400)
    assert len(low) == min(frames, 1400)
    assert (low.min(), high.max()) == (audio.min(), audio.max())
    assert (rms <= np.maximum(-low, high) + 1e-12).all()


@pytest.mark.parametrize("frequency_hz, peak", [(300, 1.0), (1000, 0.1), (5000, 0.5)])
def test_a_sine_is_one_line_at_its_frequency_and_level(frequency_hz, peak):
    levels, hz = log_spectrogram(sine(frequency_hz, peak=peak), RATE, columns=50)
    middle = levels[:, 25]
    assert hz[middle.argmax()] == pytest.approx(frequency_hz, rel=0.08)
    assert middle.max() == pytest.approx(20 * np.log10(peak), abs=3.0)
    away = np.abs(np.log2(hz / frequency_hz)) > 1
    assert middle[away].max() < middle.max() - 40


def test_a_click_is_at_its_place_in_time():
    mono = np.zeros(RATE, np.float32)
    mono[RATE // 2] = 1
    levels, _ = log_spectrogram(mono, RATE, columns=100)
    assert levels[200].argmax() in (49, 50, 51)
