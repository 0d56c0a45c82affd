"""The pitch of tones that are known exactly."""

import numpy as np
import pytest

from rtaudio_dl.features.pitch import Pitch, find_pitch

RATE = 16_000
LIMIT_CENTS = 0.5


def hz(key: float) -> float:
    return 440.0 * 2.0 ** ((key - 69.0) / 12.0)


def tone(key: float, levels=(1.0, 0.5, 0.3, 0.2), rate: int = RATE) -> np.ndarray:
    t = np.arange(2 * rate) / rate
    orders = [k for k in range(1, len(levels) + 1) if k * hz(key) < 0.45 * rate]
    return sum(levels[k - 1] * np.sin(2 * np.pi * k * hz(key) * t) for k in orders)


def cents(found: Pitch, key: float) -> float:
    return 100.0 * (found.key - key)


@pytest.mark.parametrize("key", range(24, 109, 7))
def test_every_octave_is_found(key):
    found = find_pitch(tone(key), RATE)
    assert abs(cents(found, key)) < LIMIT_CENTS
    assert found.aperiodicity < 0.1


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_at_every_rate(rate):
    assert abs(cents(find_pitch(tone(57.3, rate=rate), rate), 57.3)) < LIMIT_CENTS


def test_a_weak_fundamental_is_no_octave_above():
    found = find_pitch(tone(48, levels=(0.05, 1.0, 0.8, 0.6, 0.5)), RATE)
    assert abs(cents(found, 48)) < LIMIT_CENTS


def test_noise_does_not_repeat():
    noise = np.random.default_rng(1).standard_normal(RATE)
    assert find_pitch(noise, RATE).aperiodicity > 0.5


def test_detuning_is_measured():
    assert cents(find_pitch(tone(60.12), RATE), 60) == pytest.approx(12, abs=0.3)


def test_silence_and_shortness_are_refused():
    with pytest.raises(ValueError, match="silent"):
        find_pitch(np.zeros(RATE), RATE)
    with pytest.raises(ValueError, match="0.25 s or more"):
        find_pitch(tone(60)[:100], RATE)
