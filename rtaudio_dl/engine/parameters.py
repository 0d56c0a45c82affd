"""Parameters: declared once, with range, curve and smoothing; the kernels read that.

A node has up to `PARAMETERS` of them. The first ones are those of every instrument, in
an order that is for ever: recordings name them by number. What a card declares of its
own comes after them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel

PARAMETERS = 32  # of a node

# Curves: what a control 0..1 means.
LINEAR = 0  # from low to high
GAIN_CURVE = 1  # squared; General MIDI's default of a volume plays at 0 dB
CUBIC = 2  # `scale` times the cube: fine where the ear is fine
CURVES = {"linear": LINEAR, "gain": GAIN_CURVE, "cubic": CUBIC}

UNITY_VOLUME = 100 / 127  # a volume control at General MIDI's default
_LONGEST = 10.0  # s, of a time that a control sets


@dataclass(frozen=True)
class Parameter:
    """A parameter of a node: its range, its default, what it means.

    ``smoothing`` is the time constant in s with which it is followed, 0: at once.
    """

    low: float
    high: float
    default: float
    meaning: str
    unit: str = ""
    curve: str = "linear"
    scale: float = 1.0
    smoothing: float = 0.0


_GAIN_SECONDS = 0.005

# Those of every instrument. The order is for ever.
INSTRUMENT: dict[str, Parameter] = {
    "gain": Parameter(
        0, 4, 1, "loudness, linear", curve="gain", smoothing=_GAIN_SECONDS
    ),
    "pan": Parameter(-1, 1, 0, "left to right", smoothing=_GAIN_SECONDS),
    "morph": Parameter(0, 1, 0, "the way through the latent space"),
    "variation": Parameter(0, 1, 0.15, "how far each strike wanders from its key"),
    "tune": Parameter(-48, 48, 0, "semitones", "semitones", smoothing=0.002),
    "brightness": Parameter(0, 1, 0.4, "how much darker soft notes are"),
    "attack": Parameter(0, 60, 0, "s", "s", "cubic", _LONGEST),
    "decay": Parameter(
        0, 60, 0, "s, time constant of the way down to sustain", "s", "cubic", _LONGEST
    ),
    "sustain": Parameter(0, 1, 1, "level while the key is down"),
    "release": Parameter(
        0, 60, 0.08, "s, time constant after the key is up", "s", "cubic", _LONGEST
    ),
    "velocity_curve": Parameter(0, 4, 1.6, "exponent of velocity for loudness"),
    "bend_range": Parameter(0, 48, 2, "semitones of the pitch wheel", "semitones"),
    "x": Parameter(
        0, 1, 0, "the way from the left corners of [morph] to the right", smoothing=0.02
    ),
    "y": Parameter(
        0,
        1,
        0,
        "the way from the lower corners of [morph] to the upper",
        smoothing=0.02,
    ),
}
(
    GAIN,
    PAN,
    MORPH,
    VARIATION,
    TUNE,
    BRIGHTNESS,
    ATTACK,
    DECAY,
    SUSTAIN,
    RELEASE,
    VELOCITY_CURVE,
    BEND_RANGE,
    X,
    Y,
) = range(len(INSTRUMENT))


def write_ranges(ranges: np.ndarray, parameters: dict[str, Parameter]) -> None:
    """Fill a node's `RANGE` records, shape (PARAMETERS,), in the parameters' order."""
    ranges[:] = np.zeros(1, ranges.dtype)
    for record, parameter in zip(ranges, parameters.values(), strict=False):
        record["low"], record["high"] = parameter.low, parameter.high
        record["curve"], record["scale"] = CURVES[parameter.curve], parameter.scale
        record["smoothing"] = parameter.smoothing


@rt_kernel
def clamped(within, value):
    """A value within a `RANGE`; what is no number becomes its lowest. [any]"""
    if not abs(value) < math.inf:  # isfinite is blind here, see kinds/master
        return within.low
    return min(max(value, within.low), within.high)


@rt_kernel
def from_control(within, value):
    """A control's 0..1 as a parameter's value: fine where the ear is fine. [audio]"""
    if within.curve == GAIN_CURVE:
        return (value / UNITY_VOLUME) ** 2
    if within.curve == CUBIC:
        return within.scale * value**3
    return within.low + value * (within.high - within.low)


@rt_kernel
def set_parameter(engine, node, number, value):
    """Set a node's parameter, within its range; what is no number changes nothing.

    [audio]
    """
    if 0 <= node < engine.nodes.size and 0 <= number < PARAMETERS:
        if abs(value) < math.inf:
            within = engine.ranges[node, number]
            engine.parameters[node, number] = clamped(within, value)


@rt_kernel
def step_of(engine, node, number):
    """The part of its way that a parameter goes in a frame: 1 for at once. [audio]"""
    seconds = engine.ranges[node, number].smoothing
    if seconds <= 0.0:
        return 1.0
    return 1.0 - math.exp(-1.0 / (seconds * engine.master[0].sample_rate))
