"""The engine's memory as it is handed out."""

import itertools

import numpy as np
import pytest

from rtaudio_dl.core import counters
from rtaudio_dl.engine import layout
from rtaudio_dl.engine.layout import NONE, Engine


@pytest.fixture(scope="module")
def engine():
    return Engine(44_100, polyphony=7)


def test_arrays_are_what_the_table_says(engine):
    for name, (kind, shape) in layout.ARRAYS.items():
        array = getattr(engine, name)
        assert (array.dtype, array.shape) == (kind, shape), name
        assert array.flags.c_contiguous and array.flags.aligned, name


def test_arrays_do_not_overlap(engine):
    spans = sorted((a.ctypes.data, a.ctypes.data + a.nbytes) for a in engine)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_a_new_engine_is_at_rest(engine):
    assert engine.master["sample_rate"] == 44_100
    assert engine.master["polyphony"] == 7
    assert engine.master["gain"] == engine.master["limiter"] == 1
    assert not engine.counters.any()
    assert not engine.voices["life"].any()
    assert not engine.slot_life.any()


def test_nothing_refers_to_anything(engine):
    for table in (
        engine.channels["patch"],
        engine.programs,
        engine.controls,
        engine.queues,
        engine.keys["last"],
        engine.keys["incoming"],
        engine.voices["slot"],
    ):
        assert (table == NONE).all()


@pytest.mark.parametrize("name", [n for n in layout.ARRAYS if n.endswith("_ring")])
def test_rings_have_a_power_of_two_and_cursors(name):
    size = layout.ARRAYS[name][1][0]
    assert size & (size - 1) == 0
    assert name.replace("_ring", "_cursors") in layout.ARRAYS


def test_a_request_ring_holds_a_request_for_every_slot():
    assert layout.ARRAYS["request_ring"][1][0] >= layout.SLOTS


def test_counters_have_a_number_each():
    for names in (counters.AUDIO_COUNTERS, counters.WORKER_COUNTERS):
        assert len(set(names)) == len(names)
    assert counters.AUDIO_COUNTERS[counters.LONGEST_NS] == "longest_ns"
    assert counters.AUDIO_COUNTERS[counters.LIMITED] == "limited"
    assert counters.WORKER_COUNTERS[counters.MUTED_SOUNDS] == "muted_sounds"


def test_midi_can_come_from_memory_of_somebody_else():
    ring = np.zeros(layout.RING_SIZE, layout.EVENT)
    cursors = np.zeros(layout.CURSORS, np.int64)
    engine = Engine(48_000, midi=(ring, cursors))
    assert engine.midi_ring is ring and engine.midi_cursors is cursors
