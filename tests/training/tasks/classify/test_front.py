"""The feature in the graph is the NumPy reference, and no input breaks it."""

import numpy as np
import pytest
import tensorflow as tf

from rtaudio_dl.features import LogMel, Pcen, log_mel, mel_filterbank, pcen
from training.tasks.classify.config import Config
from training.tasks.classify.front import Front

LIMIT = 1e-3  # of ln(power) where there is any; float32 sums in another order
SPECS = (
    LogMel(8_000, 240, 80, 40, 60.0),
    LogMel(8_000, 256, 100, 24, 60.0),
    LogMel(8_000, 256, 256, 24, 60.0),
)


def noise(frames: int, count: int = 2) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.1, (count, frames)).astype(np.float32)


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.window}-{s.hop}")
@pytest.mark.parametrize("frames", [256, 1_000, 4_097])
def test_log_mel_is_the_reference(spec, frames):
    audio = noise(frames)
    found = Front(spec)(tf.constant(audio)).numpy()
    assert found.shape == log_mel(audio, spec).shape
    assert np.abs(found - log_mel(audio, spec)).max() < LIMIT


def test_pcen_is_the_reference():
    spec = SPECS[0]
    audio = noise(2_000)
    power = np.exp(log_mel(audio, spec)) - spec.floor
    found = Front(spec, "pcen")(tf.constant(audio)).numpy()
    assert np.abs(found - pcen(power, Pcen())).max() < LIMIT


def test_pcen_adapts_to_level():
    """After a second at another level the feature is nearly what it was."""
    front = Front(SPECS[0], "pcen")
    audio = noise(16_000, 1)
    loud, quiet = (
        front(tf.constant(level * audio)).numpy()[:, 100:] for level in (1.0, 0.1)
    )
    assert np.abs(loud - quiet).max() < 0.1 * loud.max()


@pytest.mark.parametrize("kind", ["log", "pcen"])
@pytest.mark.parametrize("value", [0.0, 1.0, 1e3, 1e30, np.inf, -np.inf, np.nan])
def test_any_input_gives_finite_features(kind, value):
    audio = noise(1_000)
    audio[0] = value
    audio[1, 100:200] = value
    assert np.all(np.isfinite(Front(SPECS[0], kind)(tf.constant(audio)).numpy()))


def test_what_is_not_a_number_is_silence():
    front, audio = Front(SPECS[0]), noise(1_000)
    silenced = audio.copy()
    audio[:, 300:400], silenced[:, 300:400] = np.nan, 0.0
    assert np.array_equal(front(tf.constant(audio)), front(tf.constant(silenced)))


def test_dc_is_not_heard_by_the_usual_front_end():
    """The lowest filter begins above the two bins that a constant leaks into."""
    spec = Config().spec
    assert not mel_filterbank(spec)[:2].any()
    audio = 0.2 * noise(4_000)
    moved = Front(spec)(tf.constant(audio + 0.3)).numpy()
    assert np.abs(moved - Front(spec)(tf.constant(audio)).numpy()).max() < LIMIT
