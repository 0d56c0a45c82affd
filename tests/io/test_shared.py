"""The shared ring: two processes, one memory, nothing left behind."""

import gc
import mmap
import os
import subprocess
import sys

import numpy as np
import pytest

from rtaudio_dl.core.control import pop, push, readable
from rtaudio_dl.engine.events import CONTROL, NOTE_OFF, NOTE_ON, new_event
from rtaudio_dl.errors import EngineError
from rtaudio_dl.io.shared import SharedRing

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="descriptors are inherited on POSIX only"
)

CHILD = """
import sys
from rtaudio_dl.io.shared import SharedRing
from rtaudio_dl.engine.events import new_event
from rtaudio_dl.core.control import push
shared = SharedRing.attach(sys.argv[1], int(sys.argv[2]))
event = new_event()
for key in range(100):
    event["key"] = key
    assert push(shared.ring, shared.cursors, event[0])
"""


@pytest.fixture
def shared():
    ring = SharedRing.create(256)
    yield ring
    ring.close()


def test_it_begins_empty(shared):
    assert readable(shared.cursors) == 0
    assert shared.ring.shape == (256,)


def test_what_is_pushed_is_popped(shared):
    event, into = new_event(), new_event()
    event["kind"], event["key"], event["time"] = CONTROL, 7, 123
    assert push(shared.ring, shared.cursors, event[0])
    assert pop(shared.ring, shared.cursors, into)
    assert into.tobytes() == event.tobytes()


def test_another_process_writes_it(shared):
    command = [sys.executable, "-c", CHILD, shared.name, str(shared.size)]
    subprocess.run(command, check=True, pass_fds=[shared.descriptor])
    into, keys = new_event(), []
    while pop(shared.ring, shared.cursors, into):
        keys.append(int(into["key"][0]))
    assert keys == list(range(100))


def test_cursors_and_ring_lie_on_cache_lines(shared):
    assert shared.cursors.ctypes.data % 64 == 0
    assert shared.ring.ctypes.data % 64 == 0
    gap = shared.ring.ctypes.data - shared.cursors.ctypes.data
    assert gap >= shared.cursors.nbytes


def test_memory_outlives_close_while_a_view_is_in_use(shared):
    view = shared.cursors
    shared.close()
    view[0] = 5
    assert view[0] == 5


def test_close_twice_is_close_once(shared):
    shared.close()
    shared.close()


@pytest.mark.parametrize("size", [0, -4, 3, 1000, 1 << 21])
def test_a_size_that_is_no_power_of_two_is_refused(size):
    with pytest.raises(EngineError, match="powers of two"):
        SharedRing.create(size)


@pytest.mark.parametrize("name", ["9999", "nonsense", "-1"])
def test_a_wrong_name_is_an_error(name):
    with pytest.raises(EngineError, match="does not open"):
        SharedRing.attach(name, 256)


def test_a_file_that_is_too_small_is_an_error(shared):
    with pytest.raises(EngineError, match="does not open"):
        SharedRing.attach(shared.name, 1 << 16)


def test_the_engine_plays_from_it(shared):
    from rtaudio_dl.engine.layout import Engine

    engine = Engine(48_000, midi=(shared.ring, shared.cursors))
    assert np.shares_memory(engine.midi_ring, shared.ring)


def test_notes_that_wait_are_dropped_and_what_ends_them_is_kept(shared):
    event, into = new_event(), new_event()
    kinds = (NOTE_ON, CONTROL, NOTE_OFF, NOTE_ON)
    for first in range(0, 260, 4):  # round the end of the ring
        for i, kind in enumerate(kinds):
            event["kind"], event["key"] = kind, first + i
            assert push(shared.ring, shared.cursors, event[0])
        shared.drop_notes()
        found = []
        while pop(shared.ring, shared.cursors, into):
            found.append((int(into["kind"][0]), int(into["key"][0]) - first))
        assert found == [(NOTE_OFF, 0), (CONTROL, 1), (NOTE_OFF, 2), (NOTE_OFF, 3)]


def test_memory_that_cannot_be_mapped_leaves_no_file(monkeypatch):
    def refuse(*_):
        raise OSError("no memory")

    gc.collect()  # what earlier tests left
    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(mmap, "mmap", refuse)
    with pytest.raises(OSError, match="no memory"):
        SharedRing.create()
    assert len(os.listdir("/proc/self/fd")) == before
