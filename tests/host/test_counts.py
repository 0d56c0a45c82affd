"""What a full ring had no room for is counted where people look, and said in words."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.core.control import push, readable
from rtaudio_dl.core.ring import write_frames
from rtaudio_dl.engine.entries import midi_callback
from rtaudio_dl.engine.events import RING_SIZE
from rtaudio_dl.engine.layout import RINGS, Engine
from rtaudio_dl.host.counts import OVERFLOWS, PREFIX, engine_counts, lost
from rtaudio_dl.host.host import Host
from rtaudio_dl.kinds.classifier.listener import Listener
from rtaudio_dl.kinds.classifier.settings import ONSET
from rtaudio_dl.kinds.sound import kind as sound
from rtaudio_dl.kinds.stream import kind as stream

RATE = 48_000
MORE = 3  # than there is room for
NOTE = 0x90 | 60 << 8 | 100 << 16  # of MIDI, the first byte lowest
# Where a ring is that does not lie in the engine's own record.
OF_CREWS = {"request": sound, "hop": stream}
ALL_RINGS = (*RINGS, "midi", *OF_CREWS)


@pytest.fixture(scope="module")
def engine():
    engine = Engine(RATE)
    for kind in OF_CREWS.values():
        kind.crew(engine)
    return engine


def overfill(ring, cursors) -> None:
    """Write until there is no room, and a few more."""
    if ring.ndim == 2:
        while readable(cursors) < len(ring):
            assert write_frames(ring, cursors, np.zeros_like(ring[:256]), 256)
        write_frames(ring, cursors, np.zeros_like(ring[:MORE]), MORE)
        return
    while readable(cursors) < len(ring):
        assert push(ring, cursors, ring[0])
    for _ in range(MORE):
        assert not push(ring, cursors, ring[0])


@pytest.mark.parametrize("name", ALL_RINGS)
def test_every_ring_tells_what_it_had_no_room_for(engine, name):
    owner = OF_CREWS[name].crew(engine).memory if name in OF_CREWS else engine
    ring, cursors = getattr(owner, f"{name}_ring"), getattr(owner, f"{name}_cursors")
    before = engine_counts(engine)
    assert before[f"dropped_{name}"] == 0
    overfill(ring, cursors)
    after = engine_counts(engine)
    changed = {n: after[n] - before[n] for n in after if after[n] != before[n]}
    assert changed == {f"dropped_{name}": MORE}
    assert lost(changed) == f"{MORE} {OVERFLOWS[name]}"


def test_every_ring_has_its_words():
    counted = {name for name in engine_counts(Engine(RATE)) if name.startswith(PREFIX)}
    assert counted == {PREFIX + name for name in ALL_RINGS}
    assert set(OVERFLOWS) == set(ALL_RINGS)
    assert lost(dict.fromkeys(counted, 0)) == ""


def test_every_ring_of_a_crew_is_counted(engine):
    assert {ring for crew in engine.kinds.values() for ring in crew.rings} == {
        *OF_CREWS
    }


def test_messages_of_a_cycle_that_are_too_many_are_told_by_the_host():
    with Host() as host:
        for _ in range(RING_SIZE + MORE):
            midi_callback(host.engine, 0, NOTE)
        assert host.counts()["dropped_cycle"] == MORE
        host.render(0.01)
        assert host.counts()["dropped_cycle"] == MORE


@pytest.mark.parametrize(
    "ring, cursors, name",
    [
        ("ring", "cursors", "lost_detections"),
        ("onset_ring", "onset_cursors", "lost_detections"),
        ("trace_ring", "trace_cursors", "lost_scores"),
        ("ear_ring", "ear_cursors", "lost_notes"),
        ("input_ring", "input_cursors", "input_dropped"),
    ],
)
def test_a_listener_tells_what_nobody_read(ring, cursors, name):
    with Listener(ONSET, RATE) as listener:
        memory = listener.classifier.memory
        assert listener.counts()[name] == 0
        overfill(getattr(memory, ring), getattr(memory, cursors))
        assert listener.counts()[name] == MORE


def test_a_listener_does_not_tell_what_was_lost_before_it(engine):
    assert engine_counts(engine)["dropped_ear"] == MORE
    with Listener(ONSET, RATE, engine=engine) as listener:
        assert listener.counts()["lost_notes"] == 0
