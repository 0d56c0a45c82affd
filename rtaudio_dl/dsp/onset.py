"""Onsets: a tap, a clap, a stroke, told within a few milliseconds.

Method: a jump of energy (Bello et al., "A tutorial on onset detection in music
signals", IEEE Trans. Speech Audio Process. 13(5), 2005, section III-A1), frame by frame
rather than in windows. A peak follower is held against a slow floor that falls faster
than it rises; the sound begins where the follower passes the floor by a ratio. The
decision waits for a moment, `ONSET.look`, to know how hard the stroke was.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel

QUIET, RISING, HELD = range(3)
MOST = 4  # onsets and ends that one call can find

ONSET = np.dtype(
    [
        ("label", np.int64),
        ("ratio", np.float64),  # of the follower to the floor
        ("least", np.float64),  # level of the softest onset, linear
        ("look", np.int64),  # frames from the rise to the decision
        ("refractory", np.int64),  # frames from one onset to the next, at least
        ("pole", np.float64),  # of the high-pass that keeps rumble out
        ("fall", np.float64),  # of the follower, per frame
        ("floor_up", np.float64),
        ("floor_down", np.float64),
        # state
        ("stage", np.int64),
        ("since", np.int64),  # frame of the last rise
        ("before", np.float64),  # input of the last frame
        ("passed", np.float64),  # what the high-pass gave for it
        ("follower", np.float64),
        ("floor", np.float64),
        ("floor_then", np.float64),  # at the rise
        ("valley", np.float64),  # least of the follower since the decision
        ("peak", np.float64),
    ],
    align=True,
)

RATIO = 4.0  # of a stroke to the floor before it (12 dB)
LEAST = 0.01  # level of the softest stroke (-40 dBFS)
PAUSE = 0.06  # s, from one stroke to the next

_LOOK = 0.002  # s
_HIGH_PASS_HZ = 100.0
_FALL = 0.02  # s, time constant of the follower: it bridges the swings of a bass
_FLOOR_UP, _FLOOR_DOWN = 0.8, 0.03  # s, time constants of the floor
_ENDED = 0.25  # of the peak: below it the sound has ended
_STEADY = 1.5  # times the floor: what is no higher is no longer a stroke
_AGAIN = 3.0  # times the valley: a stroke into the one before


def reset_onset(
    onset: np.ndarray,
    rate: float,
    ratio: float = RATIO,
    least: float = LEAST,
    pause: float = PAUSE,
) -> None:
    """Set up a detector at rest; ``rate`` in Hz, ``pause`` in s."""
    onset[:] = np.zeros(1, ONSET)
    onset["ratio"], onset["least"] = ratio, least
    onset["look"], onset["refractory"] = round(_LOOK * rate), round(pause * rate)
    onset["pole"] = math.exp(-2 * math.pi * _HIGH_PASS_HZ / rate)
    onset["fall"] = math.exp(-1 / (_FALL * rate))
    onset["floor_up"] = 1 - math.exp(-1 / (_FLOOR_UP * rate))
    onset["floor_down"] = 1 - math.exp(-1 / (_FLOOR_DOWN * rate))
    onset["since"] = -onset["refractory"]


@rt_kernel
def _tell(state, found, count, frame, on):
    detection = found[count]
    detection.label, detection.on = state.label, on
    detection.begin, detection.end, detection.frame = state.since, frame, frame
    detection.published = frame
    # A half where it just passed the ratio, 1 far above it.
    loud = max(state.peak, state.ratio * state.floor_then)
    detection.confidence = 1.0 - 0.5 * state.ratio * state.floor_then / max(loud, 1e-9)
    detection.level = state.peak
    return count + 1


@rt_kernel
def _rise(state, frame):
    state.stage, state.since = RISING, frame
    state.floor_then, state.peak = state.floor, 0.0


@rt_kernel
def _step(state, level, frame, found, count):
    """Go on by one frame; returns how many detections there are now."""
    ready = frame - state.since >= state.refractory and count + 2 <= found.size
    risen = state.follower >= max(state.least, state.ratio * state.floor)
    if state.stage == QUIET:
        if risen and ready:
            _rise(state, frame)
    elif state.stage == HELD:
        state.valley = min(state.valley, state.follower)
        again = state.follower >= max(state.least, _AGAIN * state.valley) and ready
        ended = state.follower < _ENDED * state.peak
        ended = ended or state.follower < _STEADY * state.floor
        if (again or ended) and count + 2 <= found.size:
            count = _tell(state, found, count, frame + 1, 0)
            state.stage = QUIET
            if again:
                _rise(state, frame)
    if state.stage == RISING:
        state.peak = max(state.peak, level)
        if frame - state.since >= state.look:
            count = _tell(state, found, count, frame + 1, 1)
            state.stage, state.valley = HELD, state.follower
    return count


@rt_kernel
def find_onsets(state, mono, count, frame, found):
    """Look through ``count`` frames, the first one number ``frame``. [any]

    ``mono`` is float32 (frames, 1). Returns how many detections ``found`` has taken.
    """
    told = 0
    for i in range(count):
        value = np.float64(mono[i, 0])
        state.passed = value - state.before + state.pole * state.passed
        state.before = value
        level = abs(state.passed)
        state.follower = max(level, state.fall * state.follower)
        told = _step(state, level, frame + i, found, told)
        rises = state.follower > state.floor
        speed = state.floor_up if rises else state.floor_down
        state.floor += speed * (state.follower - state.floor)
    return told
