"""Figures of merit for generated sounds, as plain NumPy on embeddings and scores."""

from __future__ import annotations

import numpy as np


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """KID: unbiased squared MMD with the kernel (x.y / d + 1)^3 (Binkowski, 2018).

    ``a`` (n, d) and ``b`` (m, d) with n, m >= 2. About 0, also a little below, when
    both come from one distribution.
    """
    n, m = len(a), len(b)
    if min(n, m) < 2:
        raise ValueError(f"KID needs 2 or more rows each, got {n} and {m}")
    within_a, within_b, across = _kernel(a, a), _kernel(b, b), _kernel(a, b)
    mean_a = (within_a.sum() - np.trace(within_a)) / (n * (n - 1))
    mean_b = (within_b.sum() - np.trace(within_b)) / (m * (m - 1))
    return float(mean_a + mean_b - 2.0 * across.mean())


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Squared 2-Wasserstein distance of two Gaussians fitted to (n, d) and (m, d)."""
    difference = a.mean(0) - b.mean(0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    # The trace of the root of cov_a cov_b, by a symmetric matrix of the same values.
    shared = np.linalg.eigvalsh(root @ cov_b @ root)
    overlap = np.sqrt(np.maximum(shared, 0.0)).sum()
    return float(difference @ difference + np.trace(cov_a + cov_b) - 2.0 * overlap)


def inception_score(scores: np.ndarray) -> float:
    """exp of the mean KL from each row of class probabilities (n, K) to their mean.

    1 when all rows are alike, K when they are certain and all classes equally often.
    """
    scores = np.clip(scores, 1e-12, 1.0)
    divergence = scores * (np.log(scores) - np.log(scores.mean(0, keepdims=True)))
    return float(np.exp(divergence.sum(1).mean()))


def nearest_ratio(
    generated: np.ndarray, held_out: np.ndarray, train: np.ndarray
) -> float:
    """Mean distance generated -> nearest training sound, over the same for held-out.

    Well under 1: the generator repeats what it was trained on. Rows are features
    (n, d) of any scale.
    """
    return float(nearest(generated, train).mean() / nearest(held_out, train).mean())


def nearest(
    points: np.ndarray, among: np.ndarray, ignore: np.ndarray | None = None
) -> np.ndarray:
    """Euclidean distance of each row of ``points`` (n, d) to the nearest of ``among``.

    ``ignore`` (n, m) is true for the pairs that do not count.
    """
    squares = (
        (points**2).sum(1)[:, None] + (among**2).sum(1)[None] - 2.0 * points @ among.T
    )
    if ignore is not None:
        squares = np.where(ignore, np.inf, squares)
    return np.sqrt(np.maximum(squares.min(axis=1), 0.0))


def recognition(scores: np.ndarray, classes: np.ndarray, count: int) -> np.ndarray:
    """Share of each class's rows that score highest there, (count,); NaN if none."""
    right = scores.argmax(1) == classes
    return np.array(
        [
            right[classes == k].mean() if (classes == k).any() else np.nan
            for k in range(count)
        ]
    )


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return (a @ b.T / a.shape[1] + 1.0) ** 3
