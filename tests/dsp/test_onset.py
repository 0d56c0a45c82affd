"""The detector of strokes: each told once, soon, and never because of a hum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudio_dl.dsp.onset import MOST, ONSET, find_onsets, reset_onset
from rtaudio_dl.engine.detection import DETECTION

RATE = 48_000
LOOK = round(0.002 * RATE)
REFRACTORY = round(0.06 * RATE)


def onsets(sound, rate: int = RATE, cuts=(128,)) -> list[tuple[int, int, int, float]]:
    """(begin, frame, on, level) of every detection."""
    onset = np.zeros(1, ONSET)
    reset_onset(onset, rate)
    state = onset[0]
    found, told = np.zeros(MOST, DETECTION), []
    frames = np.asarray(sound, np.float32)[:, None]
    done = number = 0
    while done < len(frames):
        count = min(cuts[number % len(cuts)], len(frames) - done)
        for i in range(find_onsets(state, frames[done:], count, done, found)):
            record = found[i]
            told.append(
                tuple(record[n].item() for n in ("begin", "frame", "on", "level"))
            )
        done, number = done + count, number + 1
    return told


def strokes(places, seconds: float = 1.0, level: float = 0.5, noise: float = 1e-3):
    """Short bursts in soft noise."""
    random = np.random.default_rng(1)
    sound = noise * random.standard_normal(round(seconds * RATE))
    for place in places:
        burst = np.exp(-np.arange(4800) / 500) * np.sin(0.9 * np.arange(4800) + 1.57)
        room = len(sound) - place
        sound[place : place + 4800] += level * burst[:room]
    return sound


@pytest.mark.parametrize("level", [0.03, 0.1, 0.5, 1.0])
def test_a_stroke_is_told_within_its_look_and_with_its_level(level):
    ons = [t for t in onsets(strokes([20_000], level=level)) if t[2]]
    ((begin, frame, _, heard),) = ons
    assert 0 <= begin - 20_000 <= 3
    assert frame - begin == LOOK + 1
    assert heard == pytest.approx(level, rel=0.1)


def test_each_stroke_of_a_roll_is_told_once():
    places = [10_000 + 3600 * i for i in range(10)]  # 75 ms apart
    begins = [t[0] for t in onsets(strokes(places)) if t[2]]
    assert len(begins) == len(places)
    assert np.abs(np.subtract(begins, places)).max() <= 3


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(RATE),
        np.full(RATE, 0.7),
        0.005 * np.random.default_rng(2).standard_normal(RATE),
        0.5 * np.sin(2 * np.pi * 30 * np.arange(RATE) / RATE),
        0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE),
    ],
    ids=["silence", "DC", "hiss", "bass", "tone"],
)
def test_what_is_no_stroke_is_not_told(sound):
    # What is there from the first frame on is a rise from silence, and may be told.
    assert [t for t in onsets(sound) if t[2] and t[0] > 4800] == []


def test_a_steady_tone_begins_and_ends_once():
    sound = np.zeros(2 * RATE)
    sound[RATE // 2 :] = 0.5 * np.sin(0.1 * np.arange(3 * RATE // 2))
    told = onsets(sound)
    assert [t[2] for t in told] == [1, 0]


sounds = st.lists(
    st.tuples(st.integers(1, 4000), st.floats(0, 2)), min_size=1, max_size=12
)


@settings(deadline=None, max_examples=100)
@given(sounds, st.lists(st.integers(1, 128), min_size=1, max_size=5))
def test_any_cut_gives_the_same_and_ons_and_offs_take_turns(parts, cuts):
    random = np.random.default_rng(0)
    noise = [level * random.uniform(-1, 1, size) for size, level in parts]
    told = onsets(np.concatenate(noise))
    assert onsets(np.concatenate(noise), cuts=cuts) == told
    assert [t[2] for t in told] == [1, 0] * (len(told) // 2) + [1] * (len(told) % 2)
    begins = [t[0] for t in told if t[2]]
    assert all(
        later - earlier >= REFRACTORY
        for earlier, later in zip(begins, begins[1:], strict=False)
    )
