"""Loudness over time against the standard's own figures and pyloudnorm's."""

import numpy as np
import pytest
from pyloudnorm import Meter

from rtaudio_dl.views.meter import LoudnessMeter

RATE = 48_000


def sine(seconds, decibels, rate=RATE, hz=1000, channels=2):
    wave = 10 ** (decibels / 20) * np.sin(
        2 * np.pi * hz / rate * np.arange(round(seconds * rate))
    )
    return np.tile(wave[:, None], channels)


def measured(*parts, rate=RATE, chunk=7000):
    meter = LoudnessMeter(rate, parts[0].shape[1])
    audio = np.concatenate(parts)
    for start in range(0, len(audio), chunk):
        meter.feed(audio[start : start + chunk])
    return meter


# EBU Tech 3341, cases 1 to 4: what a meter must show, in LUFS, to 0.1 LU.
@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(20, -23)], -23),
        ([(20, -33)], -33),
        ([(10, -36), (60, -23), (10, -36)], -23),
        ([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23),
    ],
)
def test_the_cases_of_the_standard(parts, lufs):
    meter = measured(*(sine(seconds, level) for seconds, level in parts))
    assert meter.integrated() == pytest.approx(lufs, abs=0.1)


# EBU Tech 3342, cases 1 to 3, to 1 LU.
@pytest.mark.parametrize(("levels", "lu"), [((-20, -30), 10), ((-20, -15), 5)])
def test_the_range_of_the_standard(levels, lu):
    meter = measured(*(sine(20, level) for level in levels))
    assert meter.range() == pytest.approx(lu, abs=1)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_it_agrees_with_pyloudnorm(rate, channels):
    random = np.random.default_rng(rate + channels)
    audio = random.standard_normal((5 * rate, channels))
    audio *= np.repeat([0.3, 0.01, 0.1, 0.0, 0.2], rate)[:, None]
    expected = Meter(rate).integrated_loudness(audio)
    assert measured(audio, rate=rate).integrated() == pytest.approx(expected, abs=0.02)


def test_any_cut_gives_the_same():
    audio = np.random.default_rng(0).uniform(-0.5, 0.5, (4 * RATE, 2))
    whole = measured(audio, chunk=len(audio))
    for chunk in (999, 48_000):
        np.testing.assert_allclose(
            measured(audio, chunk=chunk).momentary(), whole.momentary(), atol=1e-9
        )


def test_momentary_is_faster_than_short_term():
    meter = measured(sine(5, -40), sine(1, -10))
    assert meter.momentary()[-1] == pytest.approx(-10, abs=0.1)
    assert -16 < meter.short_term()[-1] < -13
    assert len(meter.momentary()) == 57 and len(meter.short_term()) == 31


def test_silence_and_what_is_too_short():
    assert measured(np.zeros((RATE, 2))).integrated() == -np.inf
    assert measured(np.zeros((5 * RATE, 2))).range() == 0
    short = measured(sine(0.3, -20))
    assert short.integrated() is None and short.range() is None
    assert not len(short.momentary())


def test_the_channel_of_low_frequencies_is_not_measured():
    audio = np.zeros((RATE, 6))
    audio[:, 3] = sine(1, -6)[:, 0]
    assert measured(audio).integrated() == -np.inf


def test_a_rate_that_cannot_be_measured_gives_nothing():
    meter = measured(sine(1, -20, rate=2000), rate=2000)
    assert not meter.usable and meter.integrated() is None
