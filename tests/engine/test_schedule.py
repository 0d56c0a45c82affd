"""When events happen: constant latency from jittered callbacks, and nothing lost."""

from __future__ import annotations

import ctypes
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudio_dl.core.system import performance_clock
from rtaudio_dl.engine import events, layout
from tests.engine.rig import KEY, RATE, Rig, level
from tests.entries import follow_clock, now

BLOCK = 128
PERIOD_NS = 1e9 / RATE
START_NS = 5_000_000_000
DELAY = BLOCK + 96  # a block until the next callback, and 2 ms for its jitter


class Live:
    """A rig under a device's clock: callbacks come with jitter, events with stamps."""

    def __init__(self, fixed=True, jitter_ms=1.0, drift=0.0, delay=DELAY, seed=0):
        self.rig = Rig()
        self.rig.add(level(64), one_shot=True)
        self.rig.engine.master["fixed"] = fixed
        self.rig.engine.master["delay"] = delay
        self.period = PERIOD_NS * (1 + drift)
        self.jitter_ns = jitter_ms * 1e6
        self.random = np.random.default_rng(seed)
        self.wait_ns = 0.0  # the device paused for this long

    def ideal_ns(self, frame: float) -> float:
        """When a block that begins at this frame would begin without jitter."""
        return START_NS + self.wait_ns + frame * self.period

    def strike(self, stamp_ns: float) -> None:
        self.rig.send(
            events.NOTE_ON, KEY, 0.5, time=int(stamp_ns), clock=events.NANOSECONDS
        )

    def block(self) -> None:
        late = self.random.uniform(0, self.jitter_ns)
        follow_clock(self.rig.engine, int(self.ideal_ns(self.rig.frame) + late))
        self.rig.render(BLOCK)

    def play(self, seconds: float, every_ms: float | None = None) -> np.ndarray:
        """Strike at even distances; returns each strike's latency in frames."""
        next_frame, struck = float(self.rig.frame), []
        end = self.rig.frame + seconds * RATE
        while self.rig.frame < end:
            # What arrived since the last callback is in the ring when this one begins.
            while every_ms and next_frame < self.rig.frame:
                self.strike(self.ideal_ns(next_frame))
                struck.append(next_frame)
                next_frame += every_ms * RATE / 1000
            self.block()
        for _ in range(4):
            self.block()
        begun = [int(note["frame"]) for note in self.rig.notes()]
        assert len(begun) == len(struck)
        return np.array(begun) - np.array(struck)


def settled(**fields) -> Live:
    live = Live(**fields)
    live.play(3)
    return live


@pytest.mark.parametrize("jitter_ms", [0.0, 1.0, 2.0])
def test_fixed_placement_is_constant_latency(jitter_ms):
    latency = settled(jitter_ms=jitter_ms).play(2, every_ms=7.3)
    assert np.ptp(latency) <= 2 + 6 * jitter_ms  # frames
    # The loop takes the mean lateness of the callbacks for their time.
    expected = DELAY - jitter_ms / 2 * RATE / 1000
    assert np.mean(latency) == pytest.approx(expected, abs=3 + 3 * jitter_ms)


def test_asap_placement_jitters_by_a_block():
    latency = settled(fixed=False).play(2, every_ms=7.3)
    assert np.ptp(latency) > 0.9 * BLOCK
    assert 0 < latency.min() and latency.max() <= BLOCK


def test_asap_events_happen_at_the_start_of_the_block():
    live = Live(fixed=False)
    live.block()
    live.strike(START_NS + 1e6)
    live.block()
    (note,) = live.rig.notes()
    assert note["frame"] == BLOCK


@pytest.mark.parametrize("drift", [-3e-4, 0.0, 3e-4])
def test_the_loop_finds_the_devices_true_rate(drift):
    live = settled(drift=drift, jitter_ms=0.2)
    live.play(5)
    period = live.rig.engine.master["loop_period"][0]
    assert period / live.period == pytest.approx(1, abs=2e-5)


def test_latency_does_not_drift_with_the_devices_clock():
    live = settled(drift=3e-4)
    live.play(5)
    first, later = (np.mean(live.play(2, every_ms=11)) for _ in range(2))
    assert abs(later - first) < 3


def test_a_device_that_paused_is_followed_at_once():
    live = settled()
    live.wait_ns = 2e9
    live.block()
    latency = live.play(1, every_ms=13)
    assert abs(np.mean(latency) - DELAY) < 2.5e-3 * RATE
    assert live.rig.count("misplaced") == 0


@pytest.mark.parametrize("block, rate", [(8192, 8000), (8192, 48_000), (16, 192_000)])
def test_the_loop_is_stable_for_any_block(block, rate):
    rig = Rig(rate=rate)
    random = np.random.default_rng(0)
    for _ in range(400):
        ideal = START_NS + rig.frame * 1e9 / rate
        follow_clock(rig.engine, int(ideal + random.uniform(0, 1e6)))
        rig.engine.master["frame"] += block
    assert rig.engine.master["loop_period"][0] * rate == pytest.approx(1e9, rel=5e-3)


def test_an_event_that_comes_too_late_happens_at_once_and_is_counted():
    live = settled(delay=0)
    latency = live.play(1, every_ms=7.3)
    assert live.rig.count("misplaced") == len(latency)
    assert latency.max() <= BLOCK + 0.001 * RATE


@pytest.mark.parametrize("stamp", [START_NS + 1e15, (1 << 63) - 1, -(1 << 63), 0])
def test_a_stamp_of_another_clock_delays_nothing_for_long(stamp):
    live = settled()
    live.strike(stamp)
    for _ in range(10):
        live.block()
    (note,) = live.rig.notes()
    assert note["frame"] < live.rig.frame


def test_without_a_clock_fixed_placement_means_at_once():
    live = Live()
    live.strike(START_NS)
    live.rig.render(BLOCK)
    assert live.rig.notes()[0]["frame"] == 0


def test_now_is_the_clock_of_perf_counter():
    rig = Rig()
    clock = performance_clock()
    record = rig.engine.master["clock"]
    assert now(rig.engine) == 0
    record["address"], record["id"] = clock.address, clock.id
    record["tick"] = clock.tick
    before = time.perf_counter_ns()
    between = now(rig.engine)
    assert before <= between + 1000 and between <= time.perf_counter_ns() + 1000


def test_a_clock_of_ticks_is_scaled():
    """As Windows counts; here by a C function of the test's own."""

    @ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
    def counter(ticks, _nothing):
        ctypes.cast(ticks, ctypes.POINTER(ctypes.c_int64))[0] = 123_456
        return 1

    rig = Rig()
    address = ctypes.cast(counter, ctypes.c_void_p).value
    rig.engine.master["clock"]["address"] = address
    rig.engine.master["clock"]["tick"] = 100.0
    assert now(rig.engine) == 12_345_600


# --- the list of pending events


def volumes(rig: Rig) -> float:
    return round(float(np.sqrt(rig.engine.channels["volume"][0])) * 100)


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 127)), max_size=200))
def test_events_happen_in_the_order_of_their_frames(song):
    rig = Rig()
    for frame, value in song:
        rig.control(7, value / 127, at=frame)
    latest = sorted(song, key=lambda event: event[0])
    for end in range(100, 2100, 100):
        rig.render(100)
        happened = [value for frame, value in latest if frame < end]
        if happened:
            assert volumes(rig) == happened[-1]


def test_more_events_than_the_list_holds_wait_in_their_ring():
    rig = Rig()
    total = layout.PENDING + 3000
    for i in range(total):
        if i and i % 2000 == 0:
            rig.render(1)  # takes in what there is room for
        rig.on(at=10_000 + i)
    rig.render(1)
    assert rig.engine.master["pending"][0] == layout.PENDING
    rig.render(10_000 + total)
    assert rig.count("notes") == total
    assert rig.count("misplaced") == 0


def test_a_list_that_never_empties_goes_round_its_memory():
    rig = Rig()
    total = 3 * layout.PENDING
    for i in range(total):
        rig.control(7, i % 128 / 127, at=i)
        if i > 3000 and i % 64 == 0:
            rig.render(64)
            assert volumes(rig) == (rig.frame - 1) % 128
    rig.render(4000)
    assert rig.engine.master["pending"][0] == 0
    assert rig.count("misplaced") == 0
