"""The streaming resampler: any cut gives the same bits, a tone stays a tone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudio_dl.dsp.rational_resampler import CHUNK, delay, new_resampler, resample

RATES = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]
STOPPED_DB = -86.0
FLAT_DB = 0.05
SETTLING = 0.02  # s at either end, where silence is part of what is heard

rates = st.sampled_from(RATES) | st.integers(8_000, 192_000)


def resampled(sound, rate_in: int, rate_out: int, cuts=(CHUNK,)) -> np.ndarray:
    """A stream cut into blocks of these sizes, over and over."""
    state, filters, history, out = new_resampler(rate_in, rate_out)
    frames = np.asarray(sound, np.float32)[:, None]
    pieces, done, number = [], 0, 0
    while done < len(frames):
        block = frames[done : done + cuts[number % len(cuts)]]
        made = resample(state, filters, history, block, len(block), out)
        pieces.append(out[:made].copy())
        done, number = done + len(block), number + 1
    return np.concatenate(pieces)


def tone(hz: float, rate: int, seconds: float = 0.2) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def middle(sound: np.ndarray, rate: int) -> np.ndarray:
    edge = round(SETTLING * rate)
    return sound[edge:-edge]


@settings(deadline=None, max_examples=60)
@given(
    rates,
    rates,
    st.lists(st.integers(1, CHUNK), min_size=1, max_size=8),
    st.integers(1, 3000),
    st.integers(0, 2**32),
)
def test_any_cut_into_blocks_gives_the_same_bits(rate_in, rate_out, cuts, size, seed):
    sound = np.random.default_rng(seed).standard_normal(size)
    whole = resampled(sound, rate_in, rate_out)
    assert np.array_equal(resampled(sound, rate_in, rate_out, cuts), whole)


@pytest.mark.parametrize("rate_out", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("rate_in", RATES)
def test_a_tone_keeps_its_pitch_its_level_and_its_place(rate_in, rate_out):
    hz = 0.3 * min(rate_in, rate_out) / 1.1
    heard = resampled(tone(hz, rate_in), rate_in, rate_out)
    expected = tone(hz, rate_out, 1.0)[: len(heard)]
    wrong = np.abs(middle(heard - expected, rate_out)).max()
    assert wrong < 10 ** (FLAT_DB / 20) - 1


@pytest.mark.parametrize("rate_in", [44_100, 48_000, 96_000, 192_000])
def test_what_the_new_rate_cannot_hold_is_not_heard(rate_in):
    for hz in (8_000, 9_001, 12_000, 0.49 * rate_in):
        heard = middle(resampled(tone(hz, rate_in), rate_in, 16_000), 16_000)
        assert 20 * np.log10(np.abs(heard).max() + 1e-12) < STOPPED_DB


def test_equal_rates_leave_every_frame_as_it_is():
    sound = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    assert np.array_equal(resampled(sound, 16_000, 16_000), sound)


@given(rates, rates, st.integers(1, 4000))
@settings(deadline=None, max_examples=60)
def test_a_frame_comes_out_as_soon_as_the_frames_it_needs_are_in(ins, outs, size):
    """Frame n lies at n·ins/outs and needs `delay` frames after that place."""
    made = len(resampled(np.zeros(size), ins, outs))
    needed = delay(new_resampler(ins, outs)[0]) + 1
    assert made == 0 or (made - 1) * ins // outs + needed <= size
    assert made * ins // outs + needed > size


def test_days_of_frames_change_nothing():
    state, filters, history, out = new_resampler(44_100, 16_000)
    block = np.ones((CHUNK, 1), np.float32)
    for _ in range(20_000):
        made = resample(state, filters, history, block, CHUNK, out)
    assert np.abs(out[:made] - 1).max() < 1e-4
    assert 0 <= state["rest"][0] < state["up"][0]
    assert 0 <= state["next"][0] <= state["held"][0] <= len(history)
