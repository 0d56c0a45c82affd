import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.onsets import hear, note_frames, onset

RATE, PERIOD, LEAD = 48_000, 128, 4
SOUND = np.r_[np.zeros(LEAD), np.exp(-np.arange(3000) / 200)]  # silent, then sharp
NOTES = note_frames(8, RATE, PERIOD)


def recording(latencies):
    audio = np.zeros((NOTES[-1] + 8000, 2), np.float32)
    for note, latency in zip(NOTES, latencies, strict=True):
        if latency is not None:
            audio[note + latency :][: len(SOUND), 1] += SOUND
    return audio


def heard(latencies):
    return hear(recording(latencies), NOTES, LEAD, PERIOD)


@given(st.lists(st.integers(-PERIOD, 3000), min_size=8, max_size=8))
def test_every_latency_is_found_to_the_frame(latencies):
    assert heard(latencies).latencies.tolist() == latencies


def test_a_note_that_is_not_heard_is_missed():
    found = heard([0, None, 5, None, 7, 8, 9, None])
    assert (found.latencies.tolist(), found.missed) == ([0, 5, 7, 8, 9], 3)


def test_a_note_that_another_sound_covers_is_unclear():
    audio = recording([0] * 8)
    audio[NOTES[3] - 2000 : NOTES[3] + 100] += 0.5
    found = hear(audio, NOTES, LEAD, PERIOD)
    assert found.unclear == 1 and len(found.latencies) == 7


def test_the_onset_is_60_db_below_the_peak():
    audio = np.array([0, 0.0009, 0.0011, 1, 0.5])[:, None]
    assert onset(audio) == 2


@pytest.mark.parametrize("period", [16, 64, 128, 256, 1024])
def test_notes_meet_every_place_in_a_period(period):
    frames = note_frames(period, RATE, period)
    assert len({frame % period for frame in frames}) == period
    assert min(np.diff(frames)) >= 0.15 * RATE


def test_a_few_notes_are_spread_over_the_period():
    places = sorted(frame % PERIOD for frame in note_frames(16, RATE, PERIOD))
    assert max(np.diff(places)) < PERIOD / 4
