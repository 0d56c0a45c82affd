"""What a full ring had no room for is counted where people look, and said in words."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.core.control import push, readable
from rtaudio_dl.core.ring import write_frames
from rtaudio_dl.engine.events import RING_SIZE
from rtaudio_dl.engine.layout import RINGS, Engine
from rtaudio_dl.engine.midi import hear
from rtaudio_dl.host.counts import OVERFLOWS, engine_counts, lost
from rtaudio_dl.host.host import Host
from rtaudio_dl.kinds.classifier.listener import Listener
from rtaudio_dl.kinds.classifier.settings import ONSET

RATE = 48_000
MORE = 3  # than there is room for


@pytest.fixture(scope="module")
def engine():
    return Engine(RATE)


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


@pytest.mark.parametrize("name", RINGS)
def test_every_ring_tells_what_it_had_no_room_for(engine, name):
    ring, cursors = getattr(engine, f"{name}_ring"), getattr(engine, f"{name}_cursors")
    before = engine_counts(engine)
    assert before[f"dropped_{name}"] == 0
    overfill(ring, cursors)
    after = engine_counts(engine)
    changed = {n: after[n] - before[n] for n in after if after[n] != before[n]}
    assert changed == {f"dropped_{name}": MORE}
    assert lost(changed) == f"{MORE} {OVERFLOWS[name]}"


def test_every_ring_has_its_words():
    assert set(OVERFLOWS) == set(RINGS)
    assert lost(dict.fromkeys(map("dropped_{}".format, RINGS), 0)) == ""


def test_messages_of_a_cycle_that_are_too_many_are_told_by_the_host():
    with Host() as host:
        for _ in range(RING_SIZE + MORE):
            hear(host.engine, 0, 0x90, 60, 100)
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
