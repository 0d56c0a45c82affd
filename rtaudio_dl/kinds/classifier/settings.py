"""How scores become events: the thresholds and times of a classifier.

A card brings them in its table ``detector``; whoever listens may set others:

``threshold``            0..1, at which a label begins; one number, or one per label
``release``              0..1, the part of its threshold below which it ends; the same
``smoothing_seconds``    time constant of the scores' exponential smoothing
``hold_seconds``         that a label must stay at its threshold before it begins
``refractory_seconds``   from one beginning to the next, at least
``background``           labels that are never events
``exclusive``            only the best label may begin, and ends the one before it

`rtaudio_dl.kinds.classifier.detector` says exactly what they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rtaudio_dl.errors import ModelError, PatchError
from rtaudio_dl.kinds.classifier.detector import CLASS, reset_detector
from rtaudio_dl.kinds.classifier.layout import RAW, SIGMOID, SOFTMAX
from rtaudio_dl.models.card import Card
from rtaudio_dl.patches.table import Table

ONSET = "onset"  # label and pseudo-model of the built-in detector of strokes
ACTIVATIONS = {"none": RAW, "softmax": SOFTMAX, "sigmoid": SIGMOID}
THRESHOLD = 0.5  # where a card says nothing
RELEASE = 0.7
_REFRACTORY_SECONDS = 0.3
_MAX_SECONDS = 60.0
_NAMES = (
    "threshold",
    "release",
    "smoothing_seconds",
    "hold_seconds",
    "refractory_seconds",
    "background",
    "exclusive",
)


@dataclass(frozen=True)
class DetectorSettings:
    """The settings of a model; ``threshold`` and ``release``, both as scores here, are
    in the order of its labels."""

    labels: tuple[str, ...]
    threshold: tuple[float, ...]
    release: tuple[float, ...]
    smoothing_seconds: float
    hold_seconds: float
    refractory_seconds: float
    background: frozenset[str]
    exclusive: bool

    def write(self, detector: np.ndarray, classes: np.ndarray, rate: float) -> None:
        """Set up the memory of a detector whose frames come at ``rate`` Hz."""
        detector["smoothing"] = self.smoothing_seconds * rate
        detector["hold"] = round(self.hold_seconds * rate)
        detector["refractory"] = round(self.refractory_seconds * rate)
        detector["exclusive"] = self.exclusive
        classes[:] = np.zeros(1, CLASS)
        classes["threshold"], classes["release"] = self.threshold, self.release
        classes["silent"] = [label in self.background for label in self.labels]
        reset_detector(detector, classes)


def labels_of(card: Card) -> tuple[str, ...]:
    """The labels of a classifier, or its scores' numbers where it names none."""
    scores = card.output("scores")
    return card.labels or tuple(str(n) for n in range(scores.size()))


def detector_settings(
    card: Card, changes: Mapping[str, Any] | None = None
) -> DetectorSettings:
    """The settings of a card, with some of them changed. Raises ModelError."""
    own = card.extra.get("detector", {})
    if not isinstance(own, dict):
        raise ModelError(f"model {card.name!r}: detector is {own!r:.80}, not a table")
    unknown = set(changes or {}) - set(_NAMES)
    if unknown:
        raise ModelError(
            f"a detector has no setting {sorted(unknown)}; it has: {', '.join(_NAMES)}"
        )
    fields = {name: value for name, value in own.items() if name in _NAMES}
    try:
        return _settings(card, fields | dict(changes or {}))
    except PatchError as error:
        raise ModelError(str(error)) from None


def _settings(card: Card, fields: dict[str, Any]) -> DetectorSettings:
    labels = labels_of(card)
    table = Table(f"model {card.name!r}", "detector", fields, _NAMES)
    threshold = _per_label(table, "threshold", labels, THRESHOLD)
    release = _per_label(table, "release", labels, RELEASE)

    def seconds(name: str, default: float) -> float:
        return table.number(f"{name}_seconds", 0, _MAX_SECONDS, default)

    return DetectorSettings(
        labels=labels,
        threshold=threshold,
        release=tuple(t * r for t, r in zip(threshold, release, strict=True)),
        smoothing_seconds=seconds("smoothing", 0.0),
        hold_seconds=seconds("hold", 0.0),
        refractory_seconds=seconds("refractory", _REFRACTORY_SECONDS),
        background=_background(table, labels),
        exclusive=table.boolean("exclusive", not card.extra.get("multi_label", False)),
    )


def _per_label(
    table: Table, name: str, labels: tuple[str, ...], default: float
) -> tuple[float, ...]:
    """One number for all labels, or a table of them."""
    if not isinstance(table.fields.get(name), dict):
        return (table.number(name, 0, 1, default),) * len(labels)
    inner = table.table(name, labels)
    numbers = tuple(inner.number(label, 0, 1, default) for label in labels)
    inner.finish()
    return numbers


def _background(table: Table, labels: tuple[str, ...]) -> frozenset[str]:
    # Speech Commands writes the classes that are no words _silence_ and _unknown_.
    named = [n for n in labels if len(n) > 1 and n[0] == n[-1] == "_"]
    value = table.fields.get("background", named)
    if not isinstance(value, (list, tuple, set, frozenset)):
        table.fail("background", value, "a list of labels")
    for label in value:
        if label not in labels:
            table.fail("background", label, ", ".join(labels[:40]))
    return frozenset(value)


def activation_of(card: Card) -> int:
    """What makes probabilities of the scores: the card's ``activation``, or nothing."""
    name = card.extra.get("activation", "none")
    if name not in ACTIVATIONS:
        raise ModelError(
            f"model {card.name!r}: activation is {name!r:.80}; "
            f"allowed: {', '.join(ACTIVATIONS)}"
        )
    return ACTIVATIONS[name]


def hop_of(card: Card) -> int:
    """Frames from one window of a classifier to the next, at its own rate.

    The card's ``hop_seconds``; else a quarter of the window, or a whole one where
    states carry on from one to the next.
    """
    window = card.input("audio").size()
    stateful = card.input("state") is not None
    default = window if stateful else max(1, window // 4)
    seconds = card.extra.get("hop_seconds", default / card.sample_rate)
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not number or not 0.5 < seconds * card.sample_rate < window + 0.5:  # nor NaN
        raise ModelError(
            f"model {card.name!r}: hop_seconds is {seconds!r:.80}; allowed: more than "
            f"0, up to the window's {window / card.sample_rate:g}"
        )
    return round(seconds * card.sample_rate)
