"""Making confidence mean something: temperature, calibration error, thresholds."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

BINS = 15
TEMPERATURES = (0.05, 20.0)
THRESHOLDS = np.linspace(0.5, 0.95, 46)  # Live, most windows hold no event at all.


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities (n, C) of logits (n, C) divided by a temperature."""
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy(
    logits: np.ndarray, classes: np.ndarray, temperature: float = 1.0
) -> float:
    """Mean negative log likelihood of the true classes (n,), in nats."""
    scores = softmax(logits, temperature)[np.arange(len(classes)), classes]
    return float(-np.log(np.maximum(scores, 1e-12)).mean())


def temperature(logits: np.ndarray, classes: np.ndarray) -> float:
    """The temperature that makes held-out logits likeliest (Guo et al., 2017)."""
    found = minimize_scalar(
        lambda log: cross_entropy(logits, classes, np.exp(log)),
        bounds=np.log(TEMPERATURES),
        method="bounded",
    )
    return float(np.exp(found.x))


def reliability(scores: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """(BINS, 3): mean confidence, accuracy and number of predictions in each bin."""
    confidence = scores.max(axis=1)
    right = scores.argmax(axis=1) == classes
    index = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(index, minlength=BINS)
    safe = np.maximum(counts, 1)
    mean = np.bincount(index, confidence, BINS) / safe
    accuracy = np.bincount(index, right, BINS) / safe
    return np.stack([mean, accuracy, counts], axis=1)


def calibration_error(scores: np.ndarray, classes: np.ndarray) -> float:
    """Expected calibration error: mean distance of confidence from accuracy."""
    confidence, accuracy, counts = reliability(scores, classes).T
    return float(np.average(np.abs(confidence - accuracy), weights=counts))


def thresholds(
    scores: np.ndarray, classes: np.ndarray, precision: float
) -> list[float]:
    """For each class the least threshold that reaches a precision on held-out scores.

    Where none does, the one with the best F1; a class without sounds gets the middle.
    """
    count = scores.shape[1]
    return [_threshold(scores[:, k], classes == k, precision) for k in range(count)]


def _threshold(score: np.ndarray, truth: np.ndarray, wanted: float) -> float:
    if not truth.any():
        return round(float(np.median(THRESHOLDS)), 3)
    above = score[:, None] >= THRESHOLDS
    hits = (above & truth[:, None]).sum(axis=0)
    precision = hits / np.maximum(above.sum(axis=0), 1)
    recall = hits / truth.sum()
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    enough = np.flatnonzero((precision >= wanted) & (hits > 0))
    best = enough[0] if len(enough) else int(f1.argmax())
    return round(float(THRESHOLDS[best]), 3)
