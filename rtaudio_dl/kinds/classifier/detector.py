"""From scores to events: smoothed, with two thresholds, a hold and a pause.

One `CLASS` per label. A label begins when its smoothed score has stayed at its
threshold or above for `DETECTOR.hold`, and ends when it falls below its release:
between the two it may waver. After it began it does not begin anew within
`DETECTOR.refractory`. Where labels exclude each other, only the best of all may begin,
and it ends the one before; the pause then is that of all labels together.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel

_LONG_AGO = -(1 << 62)
_NEVER = -1

DETECTOR = np.dtype(
    [
        ("smoothing", np.float64),  # frames, time constant; 0: none
        ("hold", np.int64),  # frames
        ("refractory", np.int64),  # frames
        ("exclusive", np.int64),
        # state
        ("updated", np.int64),  # frame of the last scores
        ("began", np.int64),  # frame at which a label began last
    ],
    align=True,
)

CLASS = np.dtype(
    [
        ("threshold", np.float64),
        ("release", np.float64),
        ("silent", np.int64),  # never an event: background
        # state
        ("smoothed", np.float64),
        ("on", np.int64),
        ("since", np.int64),  # frame at which it passed the threshold, or -1
        ("evidence", np.int64),  # where the window of that moment begins
        ("began", np.int64),  # frame at which it began last
        ("peak", np.float64),  # of the event
    ],
    align=True,
)


def reset_detector(detector: np.ndarray, classes: np.ndarray) -> None:
    """Forget all scores; thresholds and times stay."""
    detector["updated"] = detector["began"] = classes["began"] = _LONG_AGO
    classes["smoothed"] = classes["peak"] = 0.0
    classes["on"], classes["since"] = 0, _NEVER


@rt_kernel
def _smooth(detector, classes, scores, frame):
    """Take new scores; returns the best label."""
    part = 1.0
    if detector.smoothing > 0.0 and detector.updated != _LONG_AGO:
        part = 1.0 - math.exp((detector.updated - frame) / detector.smoothing)
    detector.updated = frame
    best = 0
    for i in range(classes.size):
        state = classes[i]
        state.smoothed += part * (scores[i] - state.smoothed)
        if state.smoothed > classes[best].smoothed:
            best = i
    return best


@rt_kernel
def _tell(classes, label, frame, found, count):
    state, detection = classes[label], found[count]
    detection.label, detection.on = label, state.on
    detection.frame = detection.end = detection.published = frame
    detection.begin, detection.confidence = state.evidence, state.peak
    detection.level = 0.0
    return count + 1


@rt_kernel
def _end(classes, label, frame, found, count):
    classes[label].on = 0
    classes[label].since = _NEVER
    return _tell(classes, label, frame, found, count)


@rt_kernel
def _begins(detector, classes, label, frame, begin):
    """Whether a label that is off has what it takes; keeps since when it rises."""
    state = classes[label]
    if state.smoothed < state.threshold:
        state.since = _NEVER
        return False
    if state.since == _NEVER:
        state.since, state.evidence = frame, begin
    last = detector.began if detector.exclusive else state.began
    return frame - state.since >= detector.hold and frame >= last + detector.refractory


@rt_kernel
def _begin(detector, classes, label, frame, found, count):
    state = classes[label]
    state.on, state.peak = 1, state.smoothed
    state.began = detector.began = frame
    return _tell(classes, label, frame, found, count)


@rt_kernel
def detect(detectors, classes, scores, frame, begin, found):
    """Take the scores of a window, tell what has changed; how many changes. [any]

    ``scores`` (classes,) are finite. ``frame`` is the first one that the window did not
    need, ``begin`` its own first. ``found`` (classes,) takes a `DETECTION` per change,
    ends first.
    """
    detector, count = detectors[0], 0
    best = _smooth(detector, classes, scores, frame)
    for label in range(classes.size):
        state = classes[label]
        if state.on:
            state.peak = max(state.peak, state.smoothed)
            if state.smoothed < state.release:
                count = _end(classes, label, frame, found, count)
    for label in range(classes.size):
        state = classes[label]
        if state.on or state.silent:
            continue
        if detector.exclusive and label != best:
            state.since = _NEVER
        elif _begins(detector, classes, label, frame, begin):
            if detector.exclusive:
                count = end_all(classes, frame, found, count)
            count = _begin(detector, classes, label, frame, found, count)
    return count


@rt_kernel
def end_all(classes, frame, found, count):
    """End every label that is on; ``count`` changes are in ``found`` already. [any]"""
    for label in range(classes.size):
        if classes[label].on:
            count = _end(classes, label, frame, found, count)
    return count
