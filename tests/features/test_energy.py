"""PCEN: its smoother is the recursion it stands for, and its limits hold."""

import numpy as np
import pytest

from rtaudio_dl.features import Pcen, pcen, smoother


def recursion(power: np.ndarray, smoothing: float) -> np.ndarray:
    level = [power[0]]
    for value in power[1:]:
        level.append((1 - smoothing) * level[-1] + smoothing * value)
    return np.array(level)


@pytest.mark.parametrize("smoothing", [0.01, 0.025, 0.5, 1.0])
def test_the_matrix_is_the_recursion(smoothing):
    power = np.random.default_rng(1).uniform(0, 1, (50, 3))
    found = smoother(50, smoothing) @ power
    assert np.abs(found - recursion(power, smoothing)).max() < 1e-5


def test_every_row_is_a_mean():
    assert np.abs(smoother(80, 0.025).sum(axis=1) - 1).max() < 1e-5


def test_silence_is_zero():
    assert not pcen(np.zeros((2, 10, 4)), Pcen()).any()


def test_a_steady_power_is_compressed_to_about_one_value():
    """With alpha near 1 the level is divided out, whatever it was."""
    quiet, loud = (pcen(np.full((30, 1), level), Pcen())[-1] for level in (1e-3, 1.0))
    assert loud / quiet < 1.15


def test_shape_and_type_stay():
    found = pcen(np.ones((3, 7, 5)), Pcen())
    assert found.shape == (3, 7, 5) and found.dtype == np.float32
