"""Book-keeping of the pool, counted anew from what refers to each slot."""

from __future__ import annotations

from collections import Counter

import numpy as np

from rtaudio_dl.engine import layout
from rtaudio_dl.engine.layout import NONE
from rtaudio_dl.kinds.sound.kind import Sounds
from rtaudio_dl.kinds.sound.memory import FREE
from tests.engine.rig import Rig


def check_accounts(rig: Rig) -> None:
    """Every slot is free, or held by exactly those that its record says."""
    for place, there in rig.instruments.items():
        everything = range(there.slots)
        _check_free(there, everything)
        _check_holders(rig, place, everything)


def _check_free(there: Sounds, everything: range) -> None:
    memory = there.memory
    free = int(memory.free_count[0])
    stack = memory.free[:free].tolist()
    assert int(memory.slot_count[0]) == there.slots
    assert len(set(stack)) == free, "a slot is free twice"
    assert set(stack) <= set(everything), "there is no such slot"
    lives = memory.slot_life[: there.slots]
    assert np.count_nonzero(lives == FREE) == free
    assert all(memory.slot_life[index] == FREE for index in stack)


def _check_holders(rig: Rig, place: int, everything: range) -> None:
    engine, memory = rig.engine, rig.instruments[place].memory
    voices = engine.voices[engine.voices["life"] != layout.IDLE]
    voices = voices[voices["node"] == place]
    assert len(voices) == engine.nodes[place]["voices"]
    keys = memory.keys
    users = Counter(voices["place"].tolist()) + Counter(keys["last"].tolist())
    queued = Counter(memory.queues.ravel().tolist())
    queued += Counter(keys["incoming"].tolist())
    for index in everything:
        slot = memory.slots[index]
        assert slot["users"] == users[index]
        assert slot["queued"] == queued[index]
        if users[index] or queued[index]:
            assert memory.slot_life[index] != FREE
    own = set(everything) | {NONE}
    assert set(voices["place"].tolist()) <= own
    assert set(queued) <= own
