"""Figures against values worked out by hand."""

import numpy as np
import pytest

from training.tasks.classify import metrics

TRUTH, FOUND = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 0])


def test_confusion_has_the_truth_in_rows():
    table = metrics.confusion(TRUTH, FOUND, 3)
    assert table.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_precision_and_recall():
    precision, recall = metrics.precision_recall(metrics.confusion(TRUTH, FOUND, 3))
    assert np.allclose(precision, [2 / 3, 2 / 3, 0])
    assert np.allclose(recall, [2 / 3, 1, 0])
    assert np.allclose(metrics.f1(precision, recall), [2 / 3, 0.8, 0])


@pytest.mark.parametrize(
    "score, expected",
    [
        ([4, 3, 2, 1], 1.0),
        ([1, 2, 3, 4], 0.0),
        ([1, 1, 1, 1], 0.5),
        ([3, 1, 2, 0], 0.75),
    ],
)
def test_area_is_the_chance_that_a_hit_scores_higher(score, expected):
    truth = np.array([True, True, False, False])
    found = metrics.area(*metrics.roc(np.array(score, float), truth))
    assert found == pytest.approx(expected)


def test_roc_begins_and_ends_in_the_corners():
    false, true = metrics.roc(np.array([0.2, 0.9, 0.4]), np.array([True, False, True]))
    assert (false[0], true[0]) == (0, 0) and (false[-1], true[-1]) == (1, 1)


# Wilson's interval as in Newcombe (1998), table 1.
@pytest.mark.parametrize(
    "right, count, low, high",
    [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_interval(right, count, low, high):
    assert metrics.interval(right, count) == pytest.approx((low, high), abs=1e-4)


def test_no_sounds_say_nothing():
    assert metrics.interval(0, 0) == (0.0, 1.0)
