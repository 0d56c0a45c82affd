"""What a classifier hears in a whole sound file, in columns of time for a picture."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rtaudio_dl.kinds.classifier.listener import Detection, FileListener
from rtaudio_dl.views.spectrum import COLUMNS


@dataclass(frozen=True)
class Heard:
    """A label, when it was told to begin and to end (s), its highest score 0..1."""

    label: str
    on: float
    off: float
    confidence: float


@dataclass(frozen=True)
class Hearing:
    """``scores`` are (labels, columns), each the highest of its time, 0..1.

    ``seconds`` is the length of the file.
    """

    model: str
    labels: tuple[str, ...]
    scores: np.ndarray
    events: tuple[Heard, ...]
    seconds: float

    def strongest(self, count: int) -> list[int]:
        """Numbers of the labels with the highest scores, in the order of the model."""
        tops = self.scores.max(axis=1, initial=0.0)
        return sorted(np.argsort(-tops, kind="stable")[:count].tolist())


def hear(
    path: str | os.PathLike[str],
    model: str,
    columns: int = COLUMNS,
    progress: Callable[[float], None] = lambda part: None,
) -> Hearing:
    """Listen to a sound file; ``progress`` is told the part that is done, 0..1.

    The score of a window stands where the window ends, for then it is known.
    Raises ModelError, EngineError or AudioFileError.
    """
    with FileListener(path, model) as listener:
        listener.trace()
        scores = np.zeros((len(listener.labels), columns))
        events: list[Heard] = []
        for detections in listener.blocks():
            for detection in detections:
                _add(events, detection)
            _mark(scores, *listener.score_rows(), listener.seconds)
            progress(listener.done / listener.seconds)
        _mark_unscored(scores, listener, events)
        return Hearing(
            Path(model).name.removesuffix(".onnx"),
            listener.labels,
            _without_gaps(scores),
            tuple(replace(e, off=min(e.off, listener.seconds)) for e in events),
            listener.seconds,
        )


def _add(events: list[Heard], told: Detection) -> None:
    if told.on:
        events.append(Heard(told.label, told.time, math.inf, told.confidence))
        return
    for number in reversed(range(len(events))):
        if events[number].label == told.label:
            events[number] = replace(
                events[number], off=told.time, confidence=told.confidence
            )
            return


def _mark_unscored(
    scores: np.ndarray, listener: FileListener, events: list[Heard]
) -> None:
    """Onsets have no scores: theirs is the confidence while they last."""
    columns = scores.shape[1]
    for event in events:
        if event.label not in listener.scores:
            row = scores[listener.labels.index(event.label)]
            on = min(int(event.on / listener.seconds * columns), columns - 1)
            off = min(event.off, listener.seconds) / listener.seconds * columns
            row[on : max(int(off), on + 1)] = event.confidence


def _mark(
    scores: np.ndarray, times: np.ndarray, rows: np.ndarray, seconds: float
) -> None:
    columns = scores.shape[1]
    places = np.minimum(times / seconds * columns, columns - 1).astype(np.int64)
    for place, row in zip(places[times <= seconds], rows, strict=False):
        scores[: len(row), place] = np.maximum(scores[: len(row), place], row)


def _without_gaps(scores: np.ndarray) -> np.ndarray:
    """Columns between two windows show the window before them."""
    known = scores.any(axis=0)
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), 0))
    return scores[:, last]
