"""The figures of merit on distributions whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.run import metrics


def cloud(count: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1.0, (count, 8))


def test_kernel_distance_of_one_distribution_is_about_zero():
    found = [
        metrics.kernel_distance(cloud(200, i), cloud(200, 99 - i)) for i in range(8)
    ]
    assert abs(np.mean(found)) < 0.02


def test_kernel_distance_grows_with_the_shift():
    fixed = cloud(200, 1)
    found = [metrics.kernel_distance(fixed, cloud(200, 2, s)) for s in (0, 1, 2)]
    assert found[0] < 0.1 < found[1] < found[2]


def test_kernel_distance_needs_two_rows():
    with pytest.raises(ValueError, match="2 or more rows each, got 1 and 5"):
        metrics.kernel_distance(cloud(1, 1), cloud(5, 2))


def test_frechet_distance_of_shifted_gaussians_is_the_shift_squared():
    a = cloud(4_000, 3)
    assert metrics.frechet_distance(a, a) == pytest.approx(0.0, abs=1e-6)
    assert metrics.frechet_distance(a, a + 2.0) == pytest.approx(8 * 4.0, rel=1e-3)


@given(st.integers(1, 6), st.integers(2, 9), st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_inception_score_lies_between_one_and_the_classes(rows, classes, seed):
    scores = np.random.default_rng(seed).dirichlet(np.ones(classes), rows)
    assert 1.0 - 1e-9 <= metrics.inception_score(scores) <= classes + 1e-9


def test_inception_score_at_its_bounds():
    assert metrics.inception_score(np.full((10, 5), 0.2)) == pytest.approx(1.0)
    assert metrics.inception_score(np.eye(5)) == pytest.approx(5.0)


def test_nearest_ratio_flags_copies():
    train, held_out = cloud(300, 4), cloud(100, 5)
    copies = train[:100] + 1e-3 * cloud(100, 6)
    assert metrics.nearest_ratio(copies, held_out, train) < 0.05
    assert metrics.nearest_ratio(cloud(100, 7), held_out, train) > 0.8


def test_nearest_is_the_smallest_distance():
    a, b = cloud(20, 8), cloud(30, 9)
    expected = np.linalg.norm(a[:, None] - b[None], axis=2).min(axis=1)
    assert metrics.nearest(a, b) == pytest.approx(expected, abs=1e-6)


def test_ignored_pairs_do_not_count():
    a = cloud(10, 8)
    own = np.eye(10, dtype=bool)
    assert metrics.nearest(a, a) == pytest.approx(0.0, abs=1e-6)
    assert metrics.nearest(a, a, own).min() > 0.1


def test_recognition_counts_each_class():
    scores = np.eye(3)[[0, 0, 1, 1]]
    found = metrics.recognition(scores, np.array([0, 1, 1, 1]), 3)
    assert found[:2] == pytest.approx([1.0, 2 / 3])
    assert np.isnan(found[2])
