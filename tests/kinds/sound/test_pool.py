"""The pool: sounds ready before the strike, refilled after it, fresh ones in time."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.core.control import readable
from rtaudio_dl.engine import events
from rtaudio_dl.engine.parameters import MORPH
from tests.engine.accounts import check_accounts
from tests.engine.rig import Rig, level, onset
from tests.entries import lacking

MORPH_CC = 1


def numbered(slot) -> np.ndarray:
    """A sound that says which one it is: its level is its number, its length short."""
    return level(600, 0.01 * (1 + float(slot["number"])))


def morphed(slot) -> np.ndarray:
    """A sound whose level tells with what morph it was made."""
    return level(48_000, 0.1 + 0.4 * float(slot["morph"]))


def waiting(rig: Rig) -> int:
    return int(readable(rig.shared.request_cursors))


def numbers(rig: Rig) -> list[int]:
    return [int(note["number"]) for note in rig.notes()]


def strike(rig: Rig, count: int = 1, apart: int = 1000, **render) -> None:
    for _ in range(count):
        rig.on(at=rig.frame)
        rig.render(apart, **render)


# --- pooled


def test_a_strike_of_a_ready_key_needs_no_inference():
    rig = Rig()
    rig.add(numbered)
    rig.on(at=5)
    audio = rig.render(600, serve=False)
    assert onset(audio) == 5
    assert rig.count("late_notes") == 0
    assert waiting(rig) == 1  # for the next strike but one: asked for after this one


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_key_has_its_next_sounds_ready(depth):
    rig = Rig()
    rig.add(numbered, depth=depth)
    assert lacking(rig.engine, 0) == 0
    for _ in range(depth):
        rig.on(at=rig.frame)
    rig.render(10, serve=False)
    assert numbers(rig) == list(range(depth))
    assert rig.count("repeats") == 0


def test_each_strike_is_the_next_sound_of_its_key():
    rig = Rig()
    rig.add(numbered, keys=(40, 41))
    for key in (40, 40, 41, 40, 41):
        rig.on(key, at=rig.frame)
        rig.render(700)
    heard = [(int(n["key"]), int(n["number"])) for n in rig.notes()]
    assert heard == [(40, 0), (40, 1), (41, 0), (40, 2), (41, 1)]


def test_a_roll_that_outruns_the_worker_repeats_the_last_sound():
    rig = Rig()
    rig.add(numbered, depth=2)
    strike(rig, 5, serve=False)
    assert numbers(rig) == [0, 1, 1, 1, 1]
    assert rig.count("repeats") == 3
    assert rig.count("late_notes") == 0
    rig.serve()
    strike(rig, 1)
    assert numbers(rig) == [2]


def test_the_first_strike_of_an_empty_pool_waits():
    rig = Rig()
    rig.load(numbered)
    rig.now(events.PATCH, 0)
    rig.on(at=0)
    assert not rig.render(500, serve=False).any()
    assert rig.count("late_notes") == 1
    rig.serve()
    assert onset(rig.render(500)) == 0
    assert numbers(rig) == [0]


def test_all_voices_of_a_repeated_sound_end_before_it_is_freed():
    rig = Rig()
    rig.add(numbered, depth=1)
    strike(rig, 4, apart=20, serve=False)
    check_accounts(rig)
    rig.serve()
    strike(rig, 3, apart=20)
    check_accounts(rig)
    rig.render(2000)
    check_accounts(rig)
    free, slots = rig.free_slots(0)
    assert slots - free == 1 + 1  # the next sound, and the last


# --- fresh and frozen


def test_fresh_sounds_are_asked_for_at_the_strike_with_its_velocity():
    asked = []
    rig = Rig()
    rig.add(lambda slot: asked.append(slot.copy()) or numbered(slot), freshness="fresh")
    asked.clear()  # the rig tried the function once
    for velocity in (0.2, 0.9):
        rig.on(velocity=velocity, at=rig.frame)
        rig.render(1000)
    assert [(int(s["number"]), float(s["velocity"])) for s in asked] == [
        (0, 0.2),
        (1, 0.9),
    ]
    assert rig.count("late_notes") == 2
    rig.sweep()
    assert rig.free_slots(0)[0] == rig.free_slots(0)[1]


def test_a_frozen_key_keeps_its_sound():
    rig = Rig()
    rig.add(numbered, freshness="frozen")
    strike(rig, 5)
    assert numbers(rig) == [0] * 5
    assert rig.count("requests") == 1


# --- morph and variation


@pytest.mark.parametrize("freshness", ["pooled", "frozen"])
def test_morph_changes_coming_sounds_and_leaves_those_that_sound(freshness):
    rig = Rig()
    rig.add(morphed, freshness=freshness, controls={MORPH_CC: "morph"}, one_shot=True)
    rig.on(at=0)
    rig.render(1000)
    sounding = int(rig.engine.voices["place"][0])
    rig.control(MORPH_CC, 1.0, at=rig.frame)
    rig.render(4000)
    assert rig.active() == 1
    assert rig.engine.voices["place"][0] == sounding
    assert rig.instruments[0].memory.slots["morph"][sounding] == 0.0
    rig.on(at=rig.frame)
    rig.render(10)
    new = int(rig.engine.voices["place"][1])
    assert rig.instruments[0].memory.slots["morph"][new] == 1.0
    check_accounts(rig)


def test_a_morph_keeps_the_numbers_of_the_sounds():
    """Remaking a sound is no strike: the same take, elsewhere in the latent space."""
    rig = Rig()
    rig.add(numbered, controls={MORPH_CC: "morph"})
    for value in (0.2, 0.9, 0.5):
        rig.control(MORPH_CC, value, at=rig.frame)
        rig.render(2000)
    strike(rig, 3)
    assert numbers(rig) == [0, 1, 2]


def test_a_key_struck_while_its_sound_is_being_remade_still_plays():
    rig = Rig()
    rig.add(numbered, controls={MORPH_CC: "morph"})
    rig.control(MORPH_CC, 1.0, at=0)
    rig.render(1000, serve=False)
    strike(rig, 3, serve=False)
    assert numbers(rig) == [0, 1, 1]
    rig.serve()
    rig.sweep()
    rig.serve()
    rig.sweep()
    check_accounts(rig)
    assert lacking(rig.engine, 0) == 0


def test_a_wheel_that_never_rests_asks_for_one_sound_at_a_time_and_key():
    rig = Rig()
    keys = range(40, 50)
    rig.add(numbered, keys=keys, controls={MORPH_CC: "morph"})
    for i in range(200):
        rig.control(MORPH_CC, i % 128 / 127, at=rig.frame)
        rig.render(128, serve=False)
        assert waiting(rig) <= len(keys)
    rig.serve()
    rig.render(20_000)
    memory = rig.instruments[0].memory
    made = {float(m) for m in memory.slots["morph"][memory.queues[40, :2]]}
    assert made == {199 % 128 / 127}


def test_less_than_a_step_of_a_midi_control_remakes_nothing():
    rig = Rig()
    rig.add(numbered, controls={MORPH_CC: "morph"})
    before = rig.count("requests")
    rig.send(events.PARAMETER, MORPH, 1 / 300, 0, time=0)
    rig.render(5000)
    assert rig.count("requests") == before
