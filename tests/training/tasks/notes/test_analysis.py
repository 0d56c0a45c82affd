"""Notes whose parts are known are taken apart into those parts."""

import numpy as np
import pytest

from tests.training.tasks.notes.tiny import tone
from training.tasks.notes import analysis
from training.tasks.notes.analysis import analyse
from training.tasks.notes.form import FRAMES, RATE, grid, hz, partial_count

LEVELS = (-12.0, -18.0, -30.0)
STEADY = slice(*np.searchsorted(grid(), [0.3, 2.9]))


@pytest.mark.parametrize("pitch", [28, 40, 60, 84, 100])
def test_levels_of_partials(pitch):
    levels = LEVELS[: partial_count(pitch)]
    ratios = (0.0,) * len(levels)
    found = analyse(tone(pitch, levels, noise_db=-90.0, ratios=ratios), pitch)
    error = found.partials[STEADY, : len(levels)] - np.array(levels)
    assert np.abs(error).max() < 1.0


@pytest.mark.parametrize("pitch", [36, 60, 84])
def test_level_of_white_noise(pitch):
    found = analyse(tone(pitch, noise_db=-40.0), pitch)
    power = (10 ** (found.noise[STEADY] / 10)).sum(axis=1).mean()
    assert 10 * np.log10(power) == pytest.approx(-40.0, abs=1.5)


def test_a_tone_without_noise_has_none():
    found = analyse(tone(60, noise_db=-120.0), 60)
    assert found.noise[STEADY].max() < -70.0


def test_stretched_partials_are_followed():
    ratios = (0.0, 0.08, -0.3)
    found = analyse(tone(48, ratios=ratios), 48)
    assert found.ratios[:3] == pytest.approx(np.array(ratios), abs=0.01)
    assert found.partials[STEADY, 1:3].mean(axis=0) == pytest.approx(
        np.array(LEVELS[1:]), abs=0.7
    )


def test_a_sound_that_begins_at_once_is_there_at_once():
    found = analyse(tone(60), 60)
    assert found.partials[0, 0] == pytest.approx(LEVELS[0], abs=2.5)


def test_the_release_is_steep_and_does_not_reach_before_itself():
    found = analyse(tone(60, release_db=300.0), 60)
    before, after = np.searchsorted(grid(), [2.96, 3.06])
    assert found.partials[before, 0] == pytest.approx(LEVELS[0], abs=0.7)
    assert found.partials[after, 0] < LEVELS[0] - 14


def test_fade_is_in_decibels_per_second():
    found = analyse(tone(60, fade_db=-10.0), 60)
    assert found.fade[:3] == pytest.approx(-10.0, abs=0.5)


def test_detuning_is_measured_and_taken_away():
    found = analyse(tone(60.2), 60)
    assert found.cents == pytest.approx(20.0, abs=1.0)
    assert np.abs(found.partials[STEADY, :3] - np.array(LEVELS)).max() < 1.0


def test_vibrato_does_not_smear_partials():
    t = np.arange(FRAMES) / RATE
    phase = 2 * np.pi * np.cumsum(hz(60 + 0.2 * np.sin(2 * np.pi * 5 * t)) / RATE)
    sound = sum(10 ** (LEVELS[0] / 20) * np.sin(k * phase) for k in range(1, 13))
    found = analyse(sound.astype(np.float32), 60)
    assert np.abs(found.partials[STEADY, :12] - LEVELS[0]).max() < 1.5


def test_beating_shows_as_wander():
    beating = tone(60) + tone(60.15)
    assert analyse(tone(60), 60).wander[0] < 0.02
    assert analyse(beating, 60).wander[0] > 0.2


def test_a_sound_an_octave_lower_than_its_key_is_noticed():
    assert analyse(tone(48), 60).octave_below > 0.3
    assert analyse(tone(60), 60).octave_below < 0.01


def test_silence_is_silence():
    found = analyse(np.zeros(FRAMES, np.float32), 60)
    assert found.partials.max() == analysis.FLOOR_DB
    assert all(np.isfinite(getattr(found, n)).all() for n in ("ratios", "wander"))
