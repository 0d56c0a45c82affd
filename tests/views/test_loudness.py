"""Budgets for the meter: known signals against known levels."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from rtaudio_dl.views import loudness
from rtaudio_dl.views.loudness import measure

RATE = 48_000


def sine(frequency_hz, seconds=2.0, peak=1.0, rate=RATE, phase=0.0, channels=1):
    time = np.arange(round(seconds * rate)) / rate
    wave = peak * np.sin(2 * np.pi * frequency_hz * time + phase)
    return np.repeat(wave.astype(np.float32)[:, None], channels, axis=1)


@pytest.mark.parametrize(
    "rate, channels, lufs",
    [(48_000, 1, -23.0), (48_000, 2, -20.0), (44_100, 2, -20.0), (96_000, 1, -23.0)],
)
def test_a_1khz_sine_reads_as_in_bs1770(rate, channels, lufs):
    # BS.1770: a 997 Hz sine at 0 dBFS in one front channel reads -3.01 LKFS.
    audio = sine(997, peak=10 ** (-20 / 20), rate=rate, channels=channels)
    assert measure(audio, rate).integrated_lufs == pytest.approx(lufs, abs=0.1)


def test_levels_of_a_sine():
    level = measure(sine(997, peak=0.5), RATE)
    assert level.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert level.rms_dbfs == pytest.approx(-9.03, abs=0.01)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_true_peak_sees_between_the_samples(rate):
    # At a quarter of the rate with a phase of 45 degrees every sample is at 0.707.
    level = measure(sine(rate / 4, rate=rate, phase=math.pi / 4), rate)
    assert level.peak_dbfs == pytest.approx(-3.01, abs=0.01)
    assert level.true_peak_dbtp == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("at", [0, 255, 256, 500, 999])
def test_true_peak_is_the_same_wherever_the_chunks_end(monkeypatch, at):
    audio = np.random.default_rng(7).uniform(-0.1, 0.1, (1000, 2)).astype(np.float32)
    audio[at] = 0.9
    whole = measure(audio, RATE).true_peak_dbtp
    monkeypatch.setattr(loudness, "CHUNK_FRAMES", 256)
    assert measure(audio, RATE).true_peak_dbtp == pytest.approx(whole, abs=1e-5)


def test_true_peak_is_never_below_the_peak():
    audio = np.random.default_rng(1).uniform(-1, 1, (5000, 2))
    level = measure(audio, RATE)
    assert level.true_peak_dbtp >= level.peak_dbfs


def test_short_audio_has_no_integrated_loudness():
    assert measure(sine(997, seconds=0.399), RATE).integrated_lufs is None
    assert measure(sine(997, seconds=0.4), RATE).integrated_lufs is not None


@pytest.mark.parametrize("frames, lufs", [(RATE, -math.inf), (100, None), (0, None)])
def test_silence_is_minus_infinity(recwarn, frames, lufs):
    level = measure(np.zeros((frames, 2), np.float32), RATE)
    assert level == loudness.Loudness(-math.inf, -math.inf, lufs, -math.inf)
    assert not recwarn.list


def test_one_dimension_is_mono():
    audio = sine(997)
    assert measure(audio[:, 0], RATE) == measure(audio, RATE)


@pytest.mark.parametrize(
    "audio, rate, says",
    [
        (np.zeros((2, 48_000)), RATE, r"shape \(2, 48000\)"),
        (np.zeros((9, 2, 1)), RATE, "shape"),
        (np.zeros((9, 2)), 0, "sample_rate is 0; allowed"),
        (np.array([0.0, np.nan]), RATE, "NaN"),
        (np.array([0.0, np.inf]), RATE, "NaN or infinite"),
    ],
)
def test_what_cannot_be_measured_is_said(audio, rate, says):
    with pytest.raises(ValueError, match=says):
        measure(audio, rate)


def test_importing_the_meter_is_light():
    code = (
        "import sys, rtaudio_dl.views.loudness;"
        "sys.exit(bool({'scipy', 'pyloudnorm', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
