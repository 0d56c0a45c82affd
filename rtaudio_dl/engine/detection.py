"""What was heard, and when: the record that the ears publish, the note it plays."""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.ring import push
from rtaudio_dl.engine import events

DETECTION = np.dtype(
    [
        # Frames of the stream, at the input's rate.
        ("frame", np.int64),  # the first one that the decision did not need
        ("begin", np.int64),  # where the evidence begins
        ("end", np.int64),  # and the frame after it
        ("published", np.int64),  # the first one not yet played when it was told
        ("label", np.int64),
        ("on", np.int64),  # 1: it began, 0: it ended
        ("confidence", np.float64),  # 0..1
        ("level", np.float64),  # peak of the evidence, linear
    ],
    align=True,
)

# What a label plays, beside its key: that is a word of its own, see `core/words.py`.
TRIGGER = np.dtype(
    [
        ("channel", np.int64),
        ("velocity", np.float64),  # 0..1, or one of those below
    ],
    align=True,
)
SILENT = -1  # a key: nothing
BY_CONFIDENCE, BY_LEVEL = -1.0, -2.0  # velocities

_SOFTEST = 0.05  # velocity of the softest note that a level gives
_RANGE_DB = 48.0  # from there to full scale


@rt_kernel
def _velocity_of(trigger, detection):
    velocity = trigger.velocity
    if velocity == BY_CONFIDENCE:
        velocity = detection.confidence
    elif velocity == BY_LEVEL:
        level = max(detection.level, 1e-6)
        velocity = 1.0 + 20.0 * math.log(level) / math.log(10.0) / _RANGE_DB
    return min(max(velocity, _SOFTEST), 1.0)


@rt_kernel
def play(trigger, key, detection, event, ring, cursors, time):
    """Push the note that a detection plays, if it plays one. [any]

    ``event`` is memory of the calling thread, ``ring`` one that it produces into;
    ``time`` in frames of the engine, or `events.AT_ONCE`.
    """
    if key == SILENT:
        return
    event.kind = events.NOTE_ON if detection.on else events.NOTE_OFF
    event.time, event.clock = time, events.FRAMES
    event.key, event.channel = key, trigger.channel
    event.value = _velocity_of(trigger, detection) if detection.on else 0.0
    push(ring, cursors, event)
