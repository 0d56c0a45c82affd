"""Temperature, calibration error and thresholds on scores whose truth is known."""

import numpy as np
import pytest

from training.tasks.classify import calibrate


def drawn(temperature: float, count: int = 20_000):
    """Logits, and classes drawn from the probabilities that they should mean."""
    random = np.random.default_rng(1)
    logits = random.normal(0, 2, (count, 5))
    chances = calibrate.softmax(logits, temperature)
    classes = (random.random((count, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    return logits, np.minimum(classes, 4)


@pytest.mark.parametrize("wanted", [0.3, 1.0, 3.0])
def test_the_temperature_is_found(wanted):
    assert calibrate.temperature(*drawn(wanted)) == pytest.approx(wanted, rel=0.05)


@pytest.mark.parametrize("wanted", [0.3, 3.0])
def test_scaling_removes_the_calibration_error(wanted):
    logits, classes = drawn(wanted)
    found = calibrate.softmax(logits, calibrate.temperature(logits, classes))
    assert calibrate.calibration_error(found, classes) < 0.02
    assert calibrate.calibration_error(calibrate.softmax(logits), classes) > 0.1


def test_softmax_survives_large_logits():
    found = calibrate.softmax(np.array([[1e4, 0.0, -1e4]]))
    assert np.allclose(found, [[1, 0, 0]])


def test_reliability_counts_every_prediction():
    logits, classes = drawn(1.0)
    bins = calibrate.reliability(calibrate.softmax(logits), classes)
    assert bins[:, 2].sum() == len(classes)
    assert np.all(bins[:, :2] <= 1)


def test_the_least_threshold_of_enough_precision():
    """A tenth of what scores 0.6 is right, and all that scores 0.8."""
    score = np.r_[np.full(100, 0.6), np.full(50, 0.8)]
    truth = np.r_[np.arange(100) < 10, np.full(50, True)]
    scores = np.stack([score, 1 - score], axis=1)
    first, _ = calibrate.thresholds(scores, np.where(truth, 0, 1), 0.95)
    assert 0.6 < first <= 0.62
    loose, _ = calibrate.thresholds(scores, np.where(truth, 0, 1), 0.3)
    assert loose == pytest.approx(0.5)


def test_a_class_that_cannot_be_told_gets_its_best_threshold():
    scores = np.tile([[0.6, 0.4]], (10, 1))
    found = calibrate.thresholds(scores, np.arange(10) % 2, 0.99)
    assert all(0.5 <= t <= 0.95 for t in found)


def test_a_class_without_sounds_gets_the_middle():
    found = calibrate.thresholds(np.array([[0.9, 0.1]]), np.array([0]), 0.9)
    assert found[1] == pytest.approx(0.725, abs=0.01)
