"""The engine's memory as it is handed out."""

import itertools

import numpy as np
import pytest

from rtaudio_dl.core import counters
from rtaudio_dl.core.control import push, readable
from rtaudio_dl.core.ring import new_cursors
from rtaudio_dl.engine import layout
from rtaudio_dl.engine.events import AT_ONCE, NOTE_ON, new_event
from rtaudio_dl.engine.layout import NONE, Engine
from rtaudio_dl.errors import EngineError
from rtaudio_dl.kinds.sound.memory import SHARED, SLOTS
from tests.engine.rig import KEY, Rig, level


@pytest.fixture(scope="module")
def engine():
    return Engine(44_100, polyphony=7)


def test_arrays_are_what_the_table_says(engine):
    for name, (kind, shape) in layout.ARRAYS.items():
        array = getattr(engine, name)
        assert (array.dtype, array.shape) == (kind, shape), name
        assert array.flags.c_contiguous and array.flags.aligned, name


def test_arrays_lie_in_one_record_and_do_not_overlap(engine):
    arrays = [getattr(engine, name) for name in layout.ARRAYS]
    spans = sorted((a.ctypes.data, a.ctypes.data + a.nbytes) for a in arrays)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    assert spans[0][0] >= engine.address
    assert spans[-1][1] <= engine.address + layout.ENGINE.itemsize
    assert engine.master["address"] == engine.address


def test_a_new_engine_is_at_rest(engine):
    assert engine.master["sample_rate"] == 44_100
    assert engine.master["polyphony"] == 7
    assert engine.master["gain"] == engine.master["limiter"] == 1
    assert not engine.counters.any()
    assert not engine.voices["life"].any()
    assert (engine.node_life == layout.EMPTY).all()
    assert engine.transport["tempo"] == 120
    assert not engine.transport["playing"]


def test_nothing_refers_to_anything(engine):
    for table in (
        engine.channels["node"],
        engine.programs,
        engine.controls,
        engine.orders["node"],
        engine.nodes["input"],
        engine.voices["place"],
        engine.onset_key,
    ):
        assert (table == NONE).all()
    for name in layout.NODE.names:
        if layout.NODE[name] == np.uintp:  # an address
            assert not engine.nodes[name].any()


@pytest.mark.parametrize("name", layout.RINGS)
def test_rings_have_a_power_of_two_and_cursors(engine, name):
    size = len(getattr(engine, f"{name}_ring"))
    assert size & (size - 1) == 0
    assert getattr(engine, f"{name}_cursors").shape == (layout.CURSORS,)


def test_a_request_ring_holds_a_request_for_every_slot_of_every_node():
    assert SHARED["request_ring"].shape[0] >= layout.PLACES * SLOTS


def test_counters_have_a_number_each():
    for names in (counters.AUDIO_COUNTERS, counters.WORKER_COUNTERS):
        assert len(set(names)) == len(names)
    assert counters.AUDIO_COUNTERS[counters.LONGEST_NS] == "longest_ns"
    assert counters.AUDIO_COUNTERS[counters.LIMITED] == "limited"
    assert counters.WORKER_COUNTERS[counters.WORKER_MUTED] == "muted"


def test_midi_can_come_from_memory_of_somebody_else():
    ring = np.zeros(layout.RING_SIZE, layout.EVENT)
    cursors = np.zeros(layout.CURSORS, np.int64)
    engine = Engine(48_000, midi=(ring, cursors))
    assert engine.midi_ring is ring and engine.midi_cursors is cursors


# --- sources of events


def ring(size: int = 16) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(size, layout.EVENT), new_cursors()


def test_every_source_of_events_is_heard_until_it_is_removed():
    rig = Rig()
    rig.add(level(9600), one_shot=True)
    events_there, cursors = ring()
    number = rig.engine.add_source(events_there, cursors)
    strike = new_event()
    strike["kind"], strike["key"], strike["value"] = NOTE_ON, KEY, 0.5
    strike["time"] = AT_ONCE
    for open_yet, struck in ((True, 1), (False, 1)):
        push(events_there, cursors, strike[0])
        rig.render(128)
        assert rig.count("notes") == struck
        if open_yet:
            rig.engine.leave_source(number)
    assert readable(cursors) == 1  # nobody took it


def test_there_is_a_limit_to_sources_and_a_place_is_used_again():
    engine = Engine(48_000)
    numbers = []
    with pytest.raises(EngineError, match="close one"):
        while True:
            numbers.append(engine.add_source(*ring()))
    assert len(numbers) > 8
    engine.leave_source(numbers[3])
    engine.forget_source(numbers[3])
    assert engine.add_source(*ring()) == numbers[3]
