"""What worker threads have in common: woken once, counted, ended; a model's call."""

from __future__ import annotations

import ctypes
import threading
import time

import numpy as np
import pytest

from rtaudio_dl.core.control import store_word
from rtaudio_dl.core.counters import WORKER_COUNTERS
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.native import record_at
from rtaudio_dl.core.run import RUN, run_model, run_with
from rtaudio_dl.core.system import Semaphore, performance_clock
from rtaudio_dl.core.worker import WORKER, begin_job, end_job, goes_on, sleep, wake

PATIENCE_SECONDS = 20


@rt_entry("vp")
def _wake(worker):
    wake(record_at(worker, WORKER))


@rt_entry("vp")
def _work(worker):
    record = record_at(worker, WORKER)
    while goes_on(record):
        begin_job(record, 0)
        end_job(record)
        sleep(record)


@rt_entry("vpw")
def _job(worker, long):
    record = record_at(worker, WORKER)
    begin_job(record, long)
    end_job(record)


@rt_entry("wp")
def _run(model):
    return run_model(record_at(model, RUN))


@rt_entry("wppp")
def _run_with(model, inputs, outputs):
    return run_with(record_at(model, RUN), inputs, outputs)


class Worker:
    """A worker's record under a real semaphore and clock."""

    def __init__(self):
        self.memory, self.semaphore = Memory(WORKER), Semaphore()
        clock, record = performance_clock(), self.memory.clock
        record["address"], record["id"] = clock.address, clock.id
        record["tick"] = clock.tick
        self.memory.post_address[0] = self.semaphore.post_address
        self.memory.wait_address[0] = self.semaphore.wait_address
        self.memory.semaphore[0] = self.semaphore.handle

    def count(self, name: str) -> int:
        return int(self.memory.counters[WORKER_COUNTERS.index(name)])


@pytest.fixture
def worker():
    return Worker()


def wait_for(fact) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_it_sleeps_until_it_is_woken_and_ends_when_told(worker):
    thread = threading.Thread(target=_work, args=(worker.memory,))
    thread.start()
    for runs in range(1, 6):
        wait_for(lambda runs=runs: worker.count("runs") == runs)
        worker.memory.wanted[0] = 1
        _wake(worker.memory)
    wait_for(lambda: worker.count("runs") == 6)
    store_word(worker.memory.stop, 0, 1)
    worker.semaphore.post()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def test_it_is_woken_once_for_all_that_is_wanted(worker):
    posted = []

    @ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_size_t] * 3)
    def post(handle, _count, _nothing):
        posted.append(handle)
        return 0

    worker.memory.post_address[0] = ctypes.cast(post, ctypes.c_void_p).value
    _wake(worker.memory)
    assert posted == []  # nothing was asked for
    worker.memory.wanted[0] = 1
    _wake(worker.memory)
    _wake(worker.memory)
    assert posted == [worker.semaphore.handle]


def test_where_nobody_waits_nobody_is_woken(worker):
    """As offline: there is no semaphore."""
    worker.memory.post_address[0] = 0
    worker.memory.wanted[0] = 1
    _wake(worker.memory)
    assert worker.memory.wanted[0] == 0


def test_jobs_are_counted_with_their_time(worker):
    before = time.perf_counter_ns()
    for _ in range(10):
        _job(worker.memory, 0)
    passed = time.perf_counter_ns() - before
    assert worker.count("runs") == 10
    longest, busy = worker.count("longest_ns"), worker.count("busy_ns")
    assert 0 <= longest <= busy <= 10 * longest
    assert busy <= passed
    assert worker.count("gave_way") == 0


def test_the_first_long_job_gives_way(worker):
    """With a scheduler that says yes; see `test_allowance`."""
    answered = []

    @ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_size_t] * 3)
    def scheduler(_thread, policy, _priority):
        answered.append(policy)
        return 0

    allowance = worker.memory.allowance
    allowance["set_scheduler"] = ctypes.cast(scheduler, ctypes.c_void_p).value
    allowance["policy"], allowance["raised"], allowance["share"] = 1, 1, 0.5
    for _ in range(3):
        _job(worker.memory, 1)
    assert (worker.count("gave_way"), answered) == (1, [0])


# --- a model's call: `core/run.py`


@pytest.mark.parametrize("status, ran", [(0, 1), (4711, 0)])
def test_a_model_is_run_as_its_record_says(status, ran):
    calls, released = [], []

    @ctypes.CFUNCTYPE(ctypes.c_size_t, *[ctypes.c_size_t] * 8)
    def run(*arguments):
        calls.append(arguments)
        return status

    @ctypes.CFUNCTYPE(ctypes.c_size_t, *[ctypes.c_size_t] * 2)
    def release(which, _nothing):
        released.append(which)
        return 0

    model = np.zeros(1, RUN)
    model["run"] = ctypes.cast(run, ctypes.c_void_p).value
    model["release_status"] = ctypes.cast(release, ctypes.c_void_p).value
    model["session"] = 1
    model["input_names"], model["input_values"], model["inputs"] = 2, 3, 4
    model["output_names"], model["output_values"], model["outputs"] = 5, 6, 7
    assert _run(model) == ran
    assert _run_with(model, 33, 66) == ran
    # session, options, names, values, count; names, count, values: as `OrtApi::Run`.
    assert calls == [(1, 0, 2, 3, 4, 5, 7, 6), (1, 0, 2, 33, 4, 5, 7, 66)]
    assert released == ([] if ran else [status] * 2)
