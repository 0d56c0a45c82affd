"""The clock and the semaphore that native threads use."""

import ctypes
import sys
import threading
import time

import pytest

from rtaudio_dl.core.system import Semaphore, performance_clock

PATIENCE_SECONDS = 20
FOR_EVER = 0xFFFFFFFFFFFFFFFF


def nanoseconds() -> int:
    """The clock, read as a kernel reads it."""
    clock = performance_clock()
    if clock.tick:
        ticks = ctypes.c_int64()
        read = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(clock.address)
        read(ctypes.byref(ticks))
        return int(ticks.value * clock.tick)
    both = (ctypes.c_int64 * 2)()
    read = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p)(clock.address)
    assert read(clock.id, both) == 0
    return both[0] * 1_000_000_000 + both[1]


def test_the_clock_is_that_of_perf_counter():
    before, between, after = (
        time.perf_counter_ns(),
        nanoseconds(),
        time.perf_counter_ns(),
    )
    assert before - 1000 <= between <= after + 1000


@pytest.mark.skipif(sys.platform == "win32", reason="counts in ticks there")
def test_here_the_clock_gives_seconds_and_nanoseconds():
    clock = performance_clock()
    assert clock.tick == 0
    assert clock.id in (time.CLOCK_MONOTONIC, getattr(time, "CLOCK_UPTIME_RAW", -1))


class Waiter(threading.Thread):
    """A thread that counts how often the semaphore let it through."""

    def __init__(self, semaphore: Semaphore):
        super().__init__(daemon=True)
        words = [ctypes.c_ssize_t, *[ctypes.c_void_p] * 3]
        self.wait = ctypes.CFUNCTYPE(*words)(semaphore.wait_address)
        self.handle, self.passed = semaphore.handle, 0
        self.enough = threading.Event()

    def run(self):
        while self.passed < 3:
            self.wait(self.handle, FOR_EVER, None)
            self.passed += 1
        self.enough.set()


def test_each_post_lets_one_waiter_through_even_before_it_waits():
    semaphore = Semaphore()
    waiter = Waiter(semaphore)
    semaphore.post()
    semaphore.post()
    waiter.start()
    assert not waiter.enough.wait(0.05)
    semaphore.post()
    assert waiter.enough.wait(PATIENCE_SECONDS)
    assert waiter.passed == 3


def test_semaphores_are_independent():
    first, second = Semaphore(), Semaphore()
    assert first.handle != second.handle
    waiter = Waiter(second)
    waiter.start()
    for _ in range(3):
        first.post()
    assert not waiter.enough.wait(0.05)
    for _ in range(3):
        second.post()
    assert waiter.enough.wait(PATIENCE_SECONDS)
