"""Filters in a row are SciPy's, and the same however the sound is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, lfilter

from rtaudio_dl.dsp.biquad import Biquads

SOS = butter(4, [0.02, 0.3], "bandpass", output="sos")
STAGES = SOS[:, [0, 1, 2, 4, 5]]


def noise(frames: int, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(frames).standard_normal((frames, channels))


def by_scipy(sound: np.ndarray) -> np.ndarray:
    for stage in SOS:
        sound = lfilter(stage[:3], stage[3:], sound, axis=0)
    return sound


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_it_filters_as_scipy_does(channels):
    sound = noise(5000, channels)
    made = Biquads(STAGES, channels).run(sound)
    assert np.abs(made - by_scipy(sound)).max() < 1e-12


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=8).filter(any))
def test_pieces_give_the_same_sound(lengths):
    sound = noise(sum(lengths))
    filters, cuts = Biquads(STAGES, 2), np.cumsum(lengths)[:-1]
    pieces = [filters.run(piece) for piece in np.split(sound, cuts)]
    whole = Biquads(STAGES, 2).run(sound)
    assert np.abs(np.concatenate(pieces) - whole).max() < 1e-12


def test_what_it_is_given_stays_as_it_was():
    sound = noise(100).astype(np.float32)
    before = sound.copy()
    Biquads(STAGES, 2).run(sound)
    assert (sound == before).all()
