"""Figures of a classifier: confusion, precision and recall, ROC, intervals."""

from __future__ import annotations

import numpy as np

Z_95 = 1.959964  # of the normal distribution, for intervals of 95 %


def confusion(classes: np.ndarray, found: np.ndarray, count: int) -> np.ndarray:
    """(C, C) int64: rows are the truth, columns what was found; both (n,) indices."""
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (classes, found), 1)
    return table


def precision_recall(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall (C,) from a confusion matrix; 0 where there is nothing."""
    right = np.diag(table).astype(np.float64)
    found, true = table.sum(axis=0), table.sum(axis=1)
    return right / np.maximum(found, 1), right / np.maximum(true, 1)


def f1(precision: np.ndarray, recall: np.ndarray) -> np.ndarray:
    """Harmonic mean of precision and recall."""
    return 2 * precision * recall / np.maximum(precision + recall, 1e-12)


def roc(score: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates of one class against the rest, from 0 to 1.

    ``score`` (n,), ``truth`` (n,) bool. Equal scores are one point of the curve.
    """
    order = np.argsort(-score, kind="stable")
    score, truth = score[order], truth[order]
    last = np.r_[np.flatnonzero(np.diff(score)), len(score) - 1]
    hits, alarms = np.cumsum(truth)[last], np.cumsum(~truth)[last]
    return (
        np.r_[0, alarms / max(1, (~truth).sum())],
        np.r_[0, hits / max(1, truth.sum())],
    )


def area(false_rate: np.ndarray, true_rate: np.ndarray) -> float:
    """Area under a ROC curve."""
    return float(np.trapezoid(true_rate, false_rate))


def interval(right: int, count: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson, 1927)."""
    if not count:
        return 0.0, 1.0
    share, spread = right / count, Z_95**2 / count
    centre = (share + spread / 2) / (1 + spread)
    reach = Z_95 * np.sqrt(share * (1 - share) / count + spread / count / 4)
    reach /= 1 + spread
    return float(max(0.0, centre - reach)), float(min(1.0, centre + reach))
