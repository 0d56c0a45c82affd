"""The causal filter: its magnitude, its delay, and that it looks at nothing to come."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.dsp.causal_filter import PHASES, causal_filter, sample_behind

_SIZE = 1 << 20  # of the Fourier transform
STEPS = (1 / 6, 1 / 3, 16_000 / 44_100, 1.0, 1.5, 6.0)


def resampled(sound, step, count):
    """Through the filter as a lane's voice does it."""
    table, _ = causal_filter(step)
    taps = table.shape[1]
    line = np.concatenate([np.zeros(taps), sound]).astype(np.float32)
    flat = table.ravel()
    return np.array([sample_behind(flat, taps, line, i * step) for i in range(count)])


def response_db(step, parts):
    """Gain for parts of the sound's sample rate, from the filter's own table."""
    table, _ = causal_filter(step)
    response = table[:PHASES][:, ::-1].T.ravel() / PHASES
    spectrum = np.abs(np.fft.rfft(response, _SIZE))
    return 20 * np.log10(spectrum[np.rint(parts * _SIZE / PHASES).astype(int)])


@pytest.mark.parametrize("step", STEPS)
def test_what_can_be_heard_passes_and_images_do_not(step):
    edge = 0.5 / max(step, 1.0)
    assert np.abs(response_db(step, np.linspace(0, 0.87 * edge, 40))).max() < 0.1
    assert response_db(step, np.linspace(edge * 1.005, 3, 400)).max() < -85


@pytest.mark.parametrize("step", STEPS)
def test_no_frame_to_come_is_looked_at(step):
    sound = np.random.default_rng(0).normal(size=400)
    cut = sound.copy()
    cut[201:] = 0
    whole, part = (resampled(s, step, int(200 / step) + 1) for s in (sound, cut))
    np.testing.assert_array_equal(whole, part)


@pytest.mark.parametrize("step", [1 / 3, 1.0])
def test_low_tones_come_later_by_the_delay(step):
    _, delay = causal_filter(step)
    assert 2 < delay < 4
    time = np.arange(1200)
    heard = resampled(np.sin(0.02 * time), step, int(1100 / step))
    expected = np.sin(0.02 * (np.arange(len(heard)) * step - delay))
    settled = int(200 / step)
    np.testing.assert_allclose(heard[settled:], expected[settled:], atol=1e-3)
