"""Memory of the pool: what happens when it is short, and when a patch goes."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.core.control import readable
from rtaudio_dl.core.ring import DROPPED, READ, WRITE
from rtaudio_dl.engine import events, layout
from rtaudio_dl.engine.layout import NONE
from rtaudio_dl.kinds.sound.memory import DEPTH
from rtaudio_dl.patches.patch import Key
from tests.engine.accounts import check_accounts
from tests.engine.rig import KEY, Rig, level
from tests.entries import lacking

MORPH_CC = 1


def numbered(slot) -> np.ndarray:
    """A sound that says which one it is: its level is its number, its length short."""
    return level(600, 0.01 * (1 + float(slot["number"])))


def test_a_note_without_memory_is_lost_and_counted():
    rig = Rig(polyphony=1)
    rig.add(numbered, freshness="fresh")
    slots = rig.free_slots(0)[1]
    for i in range(slots + 3):
        rig.on(at=i)
    rig.render(128, serve=False)
    assert rig.count("lost_notes") == 3
    rig.serve()
    rig.render(5000)
    rig.sweep()
    rig.on(at=rig.frame)
    assert rig.render(700).any()
    check_accounts(rig)


def test_a_full_request_ring_loses_the_note_not_the_slot():
    rig = Rig()
    rig.add(numbered, freshness="fresh")
    cursors = rig.shared.request_cursors
    cursors[WRITE] = cursors[READ] + rig.shared.request_ring.size
    rig.on(at=0)
    rig.render(128, serve=False)
    assert rig.count("lost_notes") == 1
    assert cursors[DROPPED] == 1
    cursors[WRITE] = cursors[READ]
    check_accounts(rig)
    assert rig.free_slots(0)[0] == rig.free_slots(0)[1]


def test_memory_that_an_instrument_asks_for_is_enough_for_every_note():
    """All keys full, as many voices as there may be, and the wheel in motion."""
    rig = Rig(polyphony=4)
    keys = range(40, 52)
    rig.add(numbered, keys=keys, depth=4, controls={MORPH_CC: "morph"})
    random = np.random.default_rng(3)
    for _ in range(300):
        for key in random.choice(keys, 3):
            rig.on(int(key), at=rig.frame + int(random.integers(128)))
        rig.control(MORPH_CC, random.random(), at=rig.frame)
        rig.render(128)
    assert rig.count("lost_notes") == 0
    check_accounts(rig)


@pytest.mark.parametrize("freshness", ["pooled", "fresh", "frozen"])
def test_a_retired_patch_sounds_on_and_gives_back_its_memory(freshness):
    rig = Rig()
    rig.add(level(9600), freshness=freshness, one_shot=True)
    rig.on(at=0)
    rig.render(2000)
    rig.now(events.RETIRE, 0)
    assert np.abs(rig.render(1000)[-100:]).max() > 0.05
    assert rig.engine.node_life[0] == layout.RETIRING
    rig.on(at=rig.frame)
    rig.render(9600)
    rig.sweep()
    assert rig.engine.node_life[0] == layout.GONE
    assert rig.free_slots(0)[0] == rig.free_slots(0)[1]
    assert rig.count("unmapped") == 1


def test_a_patch_is_not_gone_while_the_worker_makes_a_sound_of_it():
    rig = Rig()
    rig.add(numbered)
    rig.on(at=rig.frame)
    rig.render(1000, serve=False)
    rig.now(events.RETIRE, 0)
    rig.render(2000, serve=False)
    rig.sweep()
    assert readable(rig.shared.request_cursors) == 1
    assert rig.engine.node_life[0] == layout.RETIRING
    rig.serve()
    rig.sweep()
    assert rig.engine.node_life[0] == layout.GONE


def test_a_place_that_was_never_set_up_can_be_retired_without_harm():
    rig = Rig()
    rig.add(numbered)
    rig.now(events.ACTIVATE, 5)
    rig.now(events.RETIRE, 5)
    rig.render(1000)
    rig.sweep()
    check_accounts(rig)
    assert lacking(rig.engine, 0) == 0


def test_patches_do_not_touch_each_others_slots():
    rig = Rig(polyphony=2)
    for freshness in ("pooled", "fresh", "frozen"):
        keys = {k: Key(latent=k) for k in range(60, 64)}
        rig.add(numbered, keys=keys, freshness=freshness)
    for i in range(100):
        rig.now(events.PATCH, i % 3)
        rig.on(60 + i % 4, at=rig.frame)
        rig.render(90)
    check_accounts(rig)
    sounds = [
        there.memory.slots["address"][: there.slots]
        for there in rig.instruments.values()
    ]
    assert len(np.unique(np.concatenate(sounds))) == sum(map(len, sounds))


def test_a_fresh_patch_lacks_nothing_and_an_unmapped_key_asks_for_nothing():
    rig = Rig()
    rig.add(numbered, freshness="fresh")
    rig.add(numbered, keys=[KEY])
    assert lacking(rig.engine, 0) == 0
    assert rig.instruments[1].memory.queues[KEY + 1].tolist() == [NONE] * DEPTH
    assert rig.count("requests") == 2
