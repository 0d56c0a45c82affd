"""The table ``[ears]`` of a patch: which label that a model hears plays which key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rtaudio_dl.dsp.onset import LEAST, PAUSE, RATIO
from rtaudio_dl.engine.detection import BY_CONFIDENCE, BY_LEVEL
from rtaudio_dl.patches.table import Table

VELOCITIES = {"confidence": BY_CONFIDENCE, "level": BY_LEVEL}


@dataclass(frozen=True)
class Trigger:
    """What a label plays: a key, on a channel (None: that of the patch, or the first).

    ``velocity`` is 0..1, or comes from the ``confidence`` or the ``level`` of what was
    heard.
    """

    key: int
    channel: int | None = None
    velocity: float | str = "level"


@dataclass(frozen=True)
class Stroke:
    """What counts as a stroke: `rtaudio_dl.dsp.onset` says what these are.

    Where the drums can reach the microphone a longer ``pause`` (s) keeps them from
    playing themselves.
    """

    ratio: float = RATIO
    least: float = LEAST
    pause: float = PAUSE


@dataclass(frozen=True)
class Ears:
    """``model`` is a classifier or ``onset``; ``detector`` changes its settings."""

    model: str
    labels: dict[str, Trigger]
    detector: dict[str, Any] = field(default_factory=dict)
    stroke: Stroke = Stroke()


def parse_ears(table: Table) -> Ears:
    """Check the table. Which labels and settings there are, the model will say."""
    detector = table.table("detector")
    ears = Ears(
        model=table.text("model"),
        labels=_labels(table.table("labels")),
        detector=dict(detector.fields),
        stroke=_stroke(table.table("stroke")),
    )
    table.finish()
    if not ears.labels:
        table.fail("labels", "none", "a line LABEL = KEY for each label that plays")
    return ears


def _stroke(table: Table) -> Stroke:
    stroke = Stroke(
        ratio=table.number("ratio", 1, 1000, RATIO),
        least=table.number("least", 0, 1, LEAST),
        pause=table.number("pause", 0.01, 10, PAUSE),
    )
    table.finish()
    return stroke


def _labels(table: Table) -> dict[str, Trigger]:
    return {label: _trigger(table, label) for label in table.fields}


def _trigger(table: Table, label: str) -> Trigger:
    """``36`` or ``{key = 36, channel = 9, velocity = "confidence"}``."""
    if not isinstance(table.fields[label], dict):
        key, rest = table.integer(label, 0, 127, None), {}
    else:
        inner = table.table(label)
        key = inner.integer("key", 0, 127, None)
        channel = inner.integer("channel", 0, 15, None)
        rest = {"channel": channel, "velocity": _velocity(inner)}
        inner.finish()
    if key is None:
        table.fail(label, "without a key", "a MIDI note, 0 to 127")
    return Trigger(key, **rest)


def _velocity(table: Table) -> float | str:
    if isinstance(table.fields.get("velocity"), str):
        return table.choice("velocity", tuple(VELOCITIES))
    if not table.has("velocity"):
        return Trigger.velocity
    return table.number("velocity", 0.01, 1, 0.0)
