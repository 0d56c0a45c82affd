"""Parameters: the table says range, curve and smoothing, and the engine obeys it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudio_dl.engine import events, parameters
from rtaudio_dl.engine.layout import RANGE
from rtaudio_dl.engine.parameters import (
    CURVES,
    GAIN,
    INSTRUMENT,
    PARAMETERS,
    TUNE,
    UNITY_VOLUME,
    Parameter,
    write_ranges,
)
from rtaudio_dl.patches.patch import PARAMETERS as OF_PATCHES
from tests.engine.clicks import envelope_of
from tests.engine.rig import RATE, Rig, level, sine

NAMES = list(INSTRUMENT)
HZ = 2000
AT = 4800


def ranges(**of: Parameter) -> np.ndarray:
    table = np.ones(PARAMETERS, RANGE)
    write_ranges(table, of)
    return table


@pytest.fixture(scope="module")
def rig() -> Rig:
    rig = Rig()
    rig.add(level(100), controls={20 + i: name for i, name in enumerate(NAMES)})
    return rig


def set_and_get(rig: Rig, number: int, value: float, node: int = 0) -> float:
    rig.send(events.PARAMETER, number, value, node, time=events.AT_ONCE)
    rig.render(1)
    return float(rig.engine.parameters[node, number])


@pytest.mark.parametrize("name", NAMES)
def test_patch_files_and_the_engine_agree_on_the_range(rig, name):
    number, parameter = NAMES.index(name), INSTRUMENT[name]
    assert getattr(parameters, name.upper()) == number
    assert OF_PATCHES is INSTRUMENT
    record = rig.engine.ranges[0, number]
    assert (record["low"], record["high"]) == (parameter.low, parameter.high)
    assert record["curve"] == CURVES[parameter.curve]
    assert parameter.low <= parameter.default <= parameter.high
    assert set_and_get(rig, number, 1e9) == parameter.high
    assert set_and_get(rig, number, -1e9) == parameter.low


def test_the_table_is_filled_in_order_and_the_rest_of_it_is_nothing():
    table = ranges(a=Parameter(-2, 5, 1, "", curve="cubic", scale=3, smoothing=0.5))
    assert table[0].item() == (-2, 5, CURVES["cubic"], 3, 0.5)
    assert not table[1:].tobytes().strip(b"\0")


bounds = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(bounds, bounds, st.floats(-1e9, 1e9, allow_subnormal=False))
def test_any_range_is_obeyed(rig, one, other, value):
    """Of a card's own parameter, too: it has a number after those of instruments."""
    number, low, high = PARAMETERS - 1, min(one, other), max(one, other)
    rig.engine.ranges[0, number] = ranges(own=Parameter(low, high, low, ""))[0]
    assert set_and_get(rig, number, value) == min(max(value, low), high)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_changes_nothing(rig, value):
    before = set_and_get(rig, GAIN, 0.75)
    assert set_and_get(rig, GAIN, value) == before == 0.75


@pytest.mark.parametrize("node, number", [(-1, 0), (18, 0), (0, -1), (0, PARAMETERS)])
def test_a_parameter_that_there_is_not_changes_nothing(rig, node, number):
    before = rig.engine.parameters.tobytes()
    rig.send(events.PARAMETER, number, 0.123, node, time=events.AT_ONCE)
    rig.render(1)
    assert rig.engine.parameters.tobytes() == before


CASES = [
    (Parameter(-3, 5, 0, ""), 0.25, -1.0),
    (Parameter(0, 4, 1, "", curve="gain"), UNITY_VOLUME, 1.0),
    (Parameter(0, 4, 1, "", curve="gain"), 0.5, (0.5 / UNITY_VOLUME) ** 2),
    (Parameter(0, 60, 0, "", curve="cubic", scale=10), 0.5, 1.25),
    (Parameter(0, 60, 0, "", curve="cubic", scale=10), 1.0, 10.0),
    (Parameter(0, 1, 0, "", curve="cubic", scale=10), 1.0, 1.0),  # within the range
]


@pytest.mark.parametrize("parameter, control, value", CASES)
def test_a_control_goes_by_the_curve(parameter, control, value):
    rig = Rig()
    rig.add(level(100), controls={20: NAMES[0]})
    rig.engine.ranges[0, 0] = ranges(own=parameter)[0]
    rig.control(20, control)
    rig.render(1)
    assert rig.engine.parameters[0, 0] == pytest.approx(value)


@pytest.mark.parametrize("seconds", [0.0, 0.005, 0.02, 0.1])
def test_gain_is_followed_with_the_tables_time_constant(seconds):
    rig = Rig()
    rig.add(sine(96_000, HZ, 0.4), freshness="frozen")
    rig.engine.ranges[0, GAIN]["smoothing"] = seconds
    rig.on()
    rig.send(events.PARAMETER, GAIN, 0.0, 0, time=AT)
    loud = envelope_of(rig.render(4 * AT), HZ) / 0.4
    period = RATE / HZ
    assert loud[int(AT / period) - 2] == pytest.approx(1, abs=0.01)
    for times in (1, 2):
        at = (AT + times * seconds * RATE) / period
        expected = math.exp(-times) if seconds else 0.0
        assert loud[int(at) + (seconds == 0)] == pytest.approx(expected, abs=0.03)


def test_tune_is_followed_with_the_tables_time_constant():
    rig = Rig()
    rig.add(sine(96_000, HZ, 0.4), freshness="frozen")
    rig.engine.ranges[0, TUNE]["smoothing"] = 0.01
    rig.on()
    rig.send(events.PARAMETER, TUNE, 12.0, 0, time=AT)
    rig.render(AT + RATE // 100)
    assert rig.engine.voices["step"][0] == pytest.approx(2 - math.exp(-1), rel=1e-3)
