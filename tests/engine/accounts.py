"""Book-keeping of the pool, counted anew from what refers to each slot."""

from __future__ import annotations

from collections import Counter

import numpy as np

from rtaudio_dl.engine import layout
from rtaudio_dl.engine.layout import NONE
from tests.engine.rig import Rig


def check_accounts(rig: Rig) -> None:
    """Every slot is free, or held by exactly those that its record says."""
    for place in rig.instruments:
        record = rig.engine.patches[place]
        first, count = int(record["first_slot"]), int(record["slots"])
        everything = range(first, first + count)
        _check_free(rig, everything, int(record["free"]))
        _check_holders(rig, place, everything)


def _check_free(rig: Rig, everything: range, free: int) -> None:
    stack = rig.engine.free[everything.start : everything.start + free].tolist()
    assert len(set(stack)) == free, "a slot is free twice"
    assert set(stack) <= set(everything), "a slot of another patch is free here"
    lives = rig.engine.slot_life[everything.start : everything.stop]
    assert np.count_nonzero(lives == layout.FREE) == free
    assert all(rig.engine.slot_life[index] == layout.FREE for index in stack)


def _check_holders(rig: Rig, place: int, everything: range) -> None:
    engine = rig.engine
    voices = engine.voices[engine.voices["life"] != layout.IDLE]
    keys = engine.keys[place]
    users = Counter(voices["slot"].tolist()) + Counter(keys["last"].tolist())
    queued = Counter(engine.queues[place].ravel().tolist())
    queued += Counter(keys["incoming"].tolist())
    for index in everything:
        slot = engine.slots[index]
        assert slot["users"] == users[index]
        assert slot["queued"] == queued[index]
        if users[index] or queued[index]:
            assert engine.slot_life[index] != layout.FREE
    own = set(everything) | {NONE}
    assert set(voices["slot"][voices["patch"] == place].tolist()) <= own
    assert set(queued) <= own
