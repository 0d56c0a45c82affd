"""A worker thread gives its real-time priority back before Linux stops all of them."""

from __future__ import annotations

import ctypes
import os
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudio_dl.core.allowance import ALLOWANCE, BURST_NS, begin_work, end_work
from rtaudio_dl.core.priority import INFERENCE, raise_priority

SECOND = 1_000_000_000
KERNELS_SHARE = 0.95
SHARE = 0.4
FIFO, OTHER = 1, 0
_SET_SCHEDULER = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, ctypes.c_ssize_t, ctypes.c_ssize_t, ctypes.POINTER(ctypes.c_int32)
)


class Scheduler:
    """The system's end of `sched_setscheduler`: what was asked for, and the answer."""

    def __init__(self, answer: int = 0):
        self.asked: list[tuple[int, int]] = []
        self._function = _SET_SCHEDULER(self._set)
        self._answer = answer
        self.allowance = np.zeros(1, ALLOWANCE)
        address = self.allowance.ctypes.data
        record = self.allowance
        record["set_scheduler"] = ctypes.cast(self._function, ctypes.c_void_p).value
        record["policy"], record["priority"] = FIFO, 3
        for name in ("priority", "no_priority"):
            record[f"{name}_address"] = address + ALLOWANCE.fields[name][1]
        record["raised"], record["share"] = 1, SHARE

    def _set(self, thread, policy, priority):
        assert thread == 0  # the calling one
        self.asked.append((policy, priority[0]))
        return self._answer

    def work(self, at: int, lasts: int, long: int = 0) -> int:
        """Work from ``at`` for so many ns; those that it had priority for."""
        record = self.allowance[0]
        begin_work(record, at, long)
        end_work(record, at + lasts)
        return lasts if self.raised else 0

    @property
    def raised(self) -> bool:
        return bool(self.allowance["raised"][0])


@given(
    st.lists(
        st.tuples(st.integers(0, 50_000_000), st.integers(1_000, 240_000_000)),
        max_size=80,
    )
)
def test_no_second_has_more_of_it_than_the_kernel_gives(pieces):
    scheduler, now, had = Scheduler(), 0, []
    for pause, lasts in pieces:
        now += pause
        raised = scheduler.work(now, lasts)
        had.append((now, now + raised))
        now += lasts
    for end in [end for _, end in had]:
        begin = end - SECOND
        inside = sum(max(0, e - max(b, begin)) for b, e in had if e <= end)
        assert inside <= KERNELS_SHARE * SECOND


def test_a_burst_is_made_in_one_go():
    scheduler = Scheduler()
    piece = 1_300_000
    for i in range(int(BURST_NS) // piece):
        assert scheduler.work(i * piece, piece) == piece
    assert scheduler.asked == []


def test_who_works_on_and_on_gives_way_and_comes_back():
    scheduler, piece = Scheduler(), 1_000_000
    raised = [scheduler.work(i * piece, piece) for i in range(2000)]
    assert scheduler.asked[:2] == [(OTHER, 0), (FIFO, 3)]
    assert 0.3 < sum(raised) / (2000 * piece) < 0.5


def test_little_work_never_gives_way():
    scheduler = Scheduler()
    for i in range(1000):
        scheduler.work(i * 10_000_000, 3_000_000)
    assert scheduler.asked == []


def test_a_long_run_never_has_priority():
    scheduler = Scheduler()
    assert scheduler.work(0, 2 * SECOND, long=1) == 0
    assert scheduler.work(3 * SECOND, 2 * SECOND, long=1) == 0
    assert scheduler.asked == [(OTHER, 0)]
    assert scheduler.work(6 * SECOND, 1_000_000) > 0


def test_the_kernel_tells_when_it_gives_way():
    scheduler = Scheduler()
    record = scheduler.allowance[0]
    assert begin_work(record, 0, 0) == 0
    assert begin_work(record, 1, 1) == 1
    assert begin_work(record, 2, 1) == 0


def test_a_refusal_changes_nothing_and_is_tried_again():
    scheduler = Scheduler(answer=-1)
    for i in range(3):
        scheduler.work(i * SECOND, SECOND, long=1)
    assert scheduler.raised and scheduler.asked == [(OTHER, 0)] * 3


def test_without_priority_nothing_is_asked_of_the_system():
    record = np.zeros(1, ALLOWANCE)[0]
    for i in range(100):
        assert begin_work(record, i * SECOND, 1) == 0
        end_work(record, (i + 1) * SECOND)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems stop no thread")
def test_a_real_thread_gives_its_priority_back_and_takes_it_again():
    seen, refused = [], []

    def run() -> None:
        allowance, own = np.zeros(1, ALLOWANCE), threading.get_native_id()
        refused.append(raise_priority(own, INFERENCE, allowance))
        for at, long in ((0, 0), (SECOND, 1), (2 * SECOND, 0)):
            begin_work(allowance[0], at, long)
            policy, level = os.sched_getscheduler(own), os.sched_getparam(own)
            seen.append((policy, level.sched_priority))
            end_work(allowance[0], at + 1000)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if refused[0]:
        pytest.skip(refused[0])
    raised = (os.SCHED_FIFO, INFERENCE.level)
    assert seen == [raised, (os.SCHED_OTHER, 0), raised]
