"""The log-mel reference against NumPy's own FFT, and what its filters promise."""

import numpy as np
import pytest

from rtaudio_dl.features import (
    LogMel,
    dft_matrices,
    frame_count,
    log_mel,
    mel_filterbank,
)

SPECS = [LogMel(16_000), LogMel(16_000, 128, 64, 16), LogMel(8_000, 1024, 256, 64)]


def sine(hz: float, rate: int, frames: int) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(frames) / rate).astype(np.float32)


@pytest.mark.parametrize("window", [32, 128, 512, 1024])
def test_matrices_are_a_windowed_fft(window):
    random = np.random.default_rng(1).standard_normal(window).astype(np.float32)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    expected = np.fft.rfft(random * hann / hann.sum())
    real, minus_imaginary = np.split(random @ dft_matrices(window), 2)
    assert np.abs(real - 1j * minus_imaginary - expected).max() < 1e-5


@pytest.mark.parametrize("spec", SPECS)
def test_log_mel_agrees_with_the_fft(spec):
    audio = np.random.default_rng(2).uniform(-1, 1, 4_096).astype(np.float32)
    starts = np.arange(frame_count(4_096, spec))[:, None] * spec.hop
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spec.window) / spec.window)
    framed = audio[starts + np.arange(spec.window)] * hann / hann.sum()
    power = np.abs(np.fft.rfft(framed)) ** 2
    expected = np.log(power @ mel_filterbank(spec) + 1e-6)
    assert np.abs(log_mel(audio, spec) - expected).max() < 1e-3


@pytest.mark.parametrize("spec", SPECS)
def test_every_filter_hears_something(spec):
    assert mel_filterbank(spec).max(axis=0).min() >= 0.5


def test_full_scale_sine_has_power_one_quarter():
    spec = LogMel(16_000, bands=64)
    loudest = log_mel(sine(1_000, 16_000, 4_096), spec).max()
    assert loudest == pytest.approx(np.log(0.25), abs=0.2)


def test_silence_is_the_floor():
    silence = np.zeros(1_024, np.float32)
    assert np.allclose(log_mel(silence, LogMel(16_000)), np.log(1e-6))


def test_without_bands_every_bin_is_kept():
    spec = LogMel(16_000, bands=0, floor=1e-9)
    assert np.array_equal(mel_filterbank(spec), np.eye(257))
    assert log_mel(np.zeros(512, np.float32), spec) == pytest.approx(np.log(1e-9))


def test_shape_keeps_leading_dimensions():
    spec = LogMel(16_000)
    audio = np.zeros((2, 3, 1_024), np.float32)
    assert log_mel(audio, spec).shape == (2, 3, frame_count(1_024, spec), 48)
    assert log_mel(audio, spec).dtype == np.float32


def test_bands_rise_with_frequency():
    spec = LogMel(16_000)
    loudest = [
        log_mel(sine(hz, 16_000, 2_048), spec).mean(axis=0).argmax()
        for hz in (200, 800, 3_000, 7_000)
    ]
    assert loudest == sorted(set(loudest))


def test_too_short_audio_is_refused():
    with pytest.raises(ValueError, match="100 frames are shorter than the window 512"):
        log_mel(np.zeros(100, np.float32), LogMel(16_000))


@pytest.mark.parametrize("change", [{"high_hz": 9e3}, {"hop": 0}, {"floor": 0.0}])
def test_impossible_specs_are_refused(change):
    with pytest.raises(ValueError):
        LogMel(16_000, **change)
