"""What each event does, and that nonsense does nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudio_dl.engine import events, layout
from rtaudio_dl.engine.parameters import INSTRUMENT
from rtaudio_dl.engine.parameters import PARAMETERS as MOST
from tests.engine.clicks import level_of
from tests.engine.rig import KEY, Rig, level, sine

NAMES = list(INSTRUMENT)
numbers = st.integers(0, len(NAMES) - 1)


@pytest.fixture(scope="module")
def quiet_rig() -> Rig:
    rig = Rig()
    rig.add(level(100), controls={20 + i: name for i, name in enumerate(NAMES)})
    return rig


def parameter(rig: Rig, number: int) -> float:
    return float(rig.engine.parameters[0, number])


def set_parameter(rig: Rig, number: int, value: float) -> float:
    rig.send(events.PARAMETER, number, value, 0, time=events.AT_ONCE)
    rig.render(1)
    return parameter(rig, number)


@given(numbers, st.floats(-1e9, 1e9, allow_subnormal=False))  # they become 0
def test_a_parameter_is_held_within_its_range(quiet_rig, number, value):
    low, high = INSTRUMENT[NAMES[number]].low, INSTRUMENT[NAMES[number]].high
    assert set_parameter(quiet_rig, number, value) == min(max(value, low), high)


@pytest.mark.parametrize("number", range(len(NAMES)))
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_parameter_that_is_no_number_changes_nothing(quiet_rig, number, value):
    before = parameter(quiet_rig, number)
    assert set_parameter(quiet_rig, number, value) == before


@given(numbers, st.floats(0, 1))
def test_a_control_stays_within_the_parameters_range(quiet_rig, number, value):
    quiet_rig.control(20 + number, value, at=quiet_rig.frame)
    quiet_rig.render(1)
    low, high = INSTRUMENT[NAMES[number]].low, INSTRUMENT[NAMES[number]].high
    assert low <= parameter(quiet_rig, number) <= high


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("pan", 0.5, 0.0),
        ("morph", 1.0, 1.0),
        ("tune", 0.0, -48.0),
        ("gain", 100 / 127, 1.0),
        ("attack", 0.5, 1.25),
        ("release", 1.0, 10.0),
        ("bend_range", 0.25, 12.0),
    ],
)
def test_a_control_maps_its_way_to_the_parameters(quiet_rig, name, value, expected):
    quiet_rig.control(20 + NAMES.index(name), value, at=quiet_rig.frame)
    quiet_rig.render(1)
    assert parameter(quiet_rig, NAMES.index(name)) == pytest.approx(expected)


def state_of(rig: Rig) -> list[bytes]:
    """All that an event could change, but for the counters."""
    engine = rig.engine
    names = ("channels", "programs", "parameters", "voices", "nodes", "node_life")
    names += ("orders", "order")
    transport = engine.transport.copy()
    transport["changes"] = 0  # each event is one, whether it means anything or not
    return [transport.tobytes(), *(getattr(engine, n).tobytes() for n in names)]


@pytest.mark.parametrize(
    "event",
    [
        (events.NOTE_ON, 128, 1.0, 0),
        (events.NOTE_ON, -1, 1.0, 0),
        (events.NOTE_ON, KEY, 1.0, 16),
        (events.NOTE_ON, KEY, 1.0, -1),
        (events.NOTE_ON, KEY, 0.0, 0),
        (events.NOTE_ON, KEY, 1.5, 0),
        (events.NOTE_ON, KEY, math.nan, 0),
        (events.CONTROL, 7, math.nan, 0),
        (events.CONTROL, 7, -0.1, 0),
        (events.CONTROL, 128, 0.5, 0),
        (events.PITCH_BEND, 0, math.nan, 0),
        (events.PITCH_BEND, 0, 1.1, 0),
        (events.PROGRAM, 99, 0.0, 0),
        (events.PROGRAM, -1, 0.0, 0),
        (events.PATCH, 7, 0.0, 0),
        (events.PATCH, 9999, 0.0, 0),
        (events.PARAMETER, MOST, 0.5, 0),
        (events.PARAMETER, 99, 0.5, 0),
        (events.PARAMETER, 0, 0.5, 99),
        (events.RETIRE, 99, 0.0, 0),
        (events.ACTIVATE, -5, 0.0, 0),
        (events.NODE_GAIN, 0, -0.1, 0),
        (events.NODE_GAIN, 0, 4.1, 0),
        (events.NODE_GAIN, 99, 1.0, 0),
        (events.NODE_PAN, 0, math.nan, 0),
        (events.BYPASS, -1, 1.0, 0),
        (events.LATENCY, 99, 100.0, 0),
        (events.TEMPO, 0, math.nan, 0),
        (events.TEMPO, 0, 19.0, 0),
        (events.METRE, 3, 5.0, 0),
        (events.METRE, 3, math.nan, 0),
        (events.METRE, 0, 4.0, 0),
        (events.RUN, 3, 0.0, 0),
        (events.POSITION, 0, -1.0, 0),
        (events.POSITION, 0, math.inf, 0),
        (events.MAP_PROGRAM, 128, 0.0, 0),
        (-1, KEY, 1.0, 0),
        (999, KEY, 1.0, 0),
    ],
)
def test_nonsense_does_nothing(event):
    rig = Rig()
    rig.add(level(100))
    rig.render(1)
    before = state_of(rig)
    rig.now(*event)
    rig.render(1)
    assert state_of(rig) == before


# --- pedal


@pytest.mark.parametrize("value, held", [(1.0, True), (64 / 127, True), (0.4, False)])
def test_the_pedal_holds_notes_that_are_lifted(value, held):
    rig = Rig()
    rig.add(sine(96_000), parameters={"release": 0.005})
    rig.control(64, value)
    rig.on(at=1)
    rig.off(at=600)
    rig.render(9600)
    assert rig.active() == held
    rig.control(64, 0.0, at=rig.frame)
    rig.render(9600)
    assert rig.active() == 0


def test_the_pedal_holds_no_key_that_is_down():
    rig = Rig()
    rig.add(sine(96_000), parameters={"release": 0.005})
    rig.control(64, 1.0)
    rig.on(at=1)
    rig.control(64, 0.0, at=600)
    rig.render(9600)
    assert rig.active() == 1


def test_the_pedal_of_a_channel_holds_its_own_notes_only():
    rig = Rig()
    rig.add(sine(96_000), parameters={"release": 0.005})
    rig.control(64, 1.0, channel=1)
    for channel in (0, 1):
        rig.on(channel=channel, at=1)
        rig.off(channel=channel, at=600)
    rig.render(9600)
    voices = rig.engine.voices
    assert voices["channel"][voices["life"] != layout.IDLE].tolist() == [1]


def test_a_voice_forgets_what_the_pedal_held_in_its_place_before():
    rig = Rig()
    rig.add(sine(500), keys=[40])
    rig.add(sine(96_000), keys=[41], channels=[], parameters={"release": 0.005})
    rig.control(64, 1.0)
    rig.on(40, at=1)
    rig.off(40, at=100)
    rig.render(2000)
    assert rig.active() == 0  # its sound has ended, under the pedal
    rig.now(events.PATCH, 1)
    rig.on(41, at=rig.frame)
    rig.control(64, 0.0, at=rig.frame + 1000)
    rig.render(9600)
    assert rig.active() == 1  # its key is down


@pytest.mark.parametrize("number", [123, 124, 125, 126, 127])
def test_all_notes_off_lifts_every_key_but_obeys_the_pedal(number):
    rig = Rig()
    rig.add(sine(96_000), keys=range(40, 50), parameters={"release": 0.005})
    rig.control(64, 1.0)
    for key in range(40, 50):
        rig.on(key)
    rig.control(number, 0.0, at=1000)
    rig.render(9600)
    assert rig.active() == 10
    rig.control(64, 0.0, at=rig.frame)
    rig.render(9600)
    assert rig.active() == 0


def test_all_sound_off_needs_no_pedal_and_takes_one_shots_too():
    rig = Rig()
    rig.add(sine(96_000), one_shot=True)
    rig.control(64, 1.0)
    rig.on(channel=0)
    rig.on(channel=1)
    rig.control(120, 0.0, at=1000)
    rig.render(2000)
    voices = rig.engine.voices
    assert voices["channel"][voices["life"] != layout.IDLE].tolist() == [1]


def test_reset_controllers_lifts_pedal_wheel_and_expression_but_not_the_volume():
    rig = Rig()
    rig.add(sine(96_000), parameters={"release": 0.005})
    rig.control(64, 1.0)
    rig.control(7, 0.5)
    rig.control(11, 0.5)
    rig.control(10, 0.0)
    rig.send(events.PITCH_BEND, 0, 0.5, time=0)
    rig.on(at=1)
    rig.off(at=600)
    rig.control(121, 0.0, at=1000)
    rig.render(9600)
    channel = rig.engine.channels[0]
    assert rig.active() == 0
    assert (channel["bend"], channel["expression"], channel["sustain"]) == (0, 1, 0)
    assert channel["pan"] == -1
    assert channel["volume"] == pytest.approx((0.5 * 127 / 100) ** 2)


# --- programs and patches


def two_patches() -> Rig:
    rig = Rig()
    for place, loud in enumerate((0.1, 0.4)):
        rig.add(sine(96_000, 500, loud), one_shot=True)
        rig.now(events.MAP_PROGRAM, 10 + place, channel=place)
    rig.render(1)
    return rig


def test_program_change_takes_the_next_note_elsewhere_and_voices_sound_on():
    rig = two_patches()
    rig.on(at=rig.frame)  # patch 1: it came last
    rig.render(2000)
    rig.send(events.PROGRAM, 10, time=events.AT_ONCE)
    loud = level_of(rig.render(2400))[0]
    assert loud == pytest.approx(0.4 / 2**0.5, rel=0.02)
    rig.on(at=rig.frame)
    rig.render(128)
    assert sorted(rig.engine.voices["node"][:2].tolist()) == [0, 1]


def test_program_change_is_of_one_channel():
    rig = two_patches()
    rig.send(events.PROGRAM, 10, channel=3, time=events.AT_ONCE)
    rig.render(1)
    assert rig.engine.channels["node"].tolist() == [1, 1, 1, 0] + [1] * 12


def test_a_retired_patch_leaves_channels_and_programs():
    rig = two_patches()
    rig.now(events.RETIRE, 1)
    rig.render(1)
    assert set(rig.engine.channels["node"].tolist()) == {layout.NONE}
    assert rig.engine.programs[[10, 11]].tolist() == [0, layout.NONE]
    rig.send(events.PROGRAM, 11, time=events.AT_ONCE)
    rig.render(1)
    assert rig.engine.channels["node"][0] == layout.NONE


def test_keys_without_a_sound_are_counted():
    rig = Rig()
    rig.on()
    rig.render(1)
    rig.add(level(100))
    rig.on(KEY + 1, at=rig.frame)
    rig.render(1)
    assert rig.count("unmapped") == 2
    assert rig.count("notes") == 2
    assert not np.any(rig.engine.voices["life"])
