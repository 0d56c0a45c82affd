"""Parameters of nodes, as kernels read them: values, ranges, curves, smoothing.

A node has up to `PARAMETERS` of them. The first ones are those of every instrument, in
an order that is for ever: recordings name them by number. What a card declares of its
own comes after them, in the order of its ids.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.parameters import (
    CUBIC,
    CURVES,
    GAIN_CURVE,
    INSTRUMENT,
    Parameter,
)

PARAMETERS = 32  # of a node
UNITY_VOLUME = 100 / 127  # a volume control at General MIDI's default

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
