"""What every native thread beside the audio thread does: wait, work, keep count.

A worker has one `WORKER` record in its memory. The audio thread wakes it once a block;
it serves all that waits, and sleeps on a semaphore of the operating system.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.allowance import ALLOWANCE, begin_work, end_work
from rtaudio_dl.core.clock import CLOCK, now
from rtaudio_dl.core.counters import (
    WORKER_BUSY_NS,
    WORKER_COUNTERS,
    WORKER_GAVE_WAY,
    WORKER_LONGEST_NS,
    WORKER_RUNS,
)
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import call2, call3, load_acquire, store_release

_FOR_EVER = 0xFFFFFFFFFFFFFFFF

WORKER = np.dtype(
    [
        ("clock", CLOCK, (1,)),
        ("post_address", np.uintp),  # 0: nobody waits, as offline
        ("wait_address", np.uintp),
        ("semaphore", np.uintp),
        ("nap_address", np.uintp),  # int nanosleep(const struct timespec *, void *)
        ("nap", np.int64, (2,)),  # seconds, nanoseconds
        ("wanted", np.int64),  # since it was woken; the audio thread's
        ("done", np.int64, (1,)),  # requests, of all that were made
        ("stop", np.int64, (1,)),  # ends it
        ("counters", np.int64, (len(WORKER_COUNTERS),)),
        ("allowance", ALLOWANCE, (1,)),
        ("ticks", np.int64, (2,)),
        ("began", np.int64),
    ],
    align=True,
)


@rt_kernel
def wake(worker):
    """Tell the worker what was asked for, once for all of it. [audio]"""
    if worker.wanted:
        worker.wanted = 0
        if worker.post_address != 0:
            call3(worker.post_address, worker.semaphore, 1, 0)


@rt_kernel
def sleep(worker):
    """Wait until somebody has work. [worker]"""
    # All that the three systems' waits need: handle, "for ever", nothing.
    call3(worker.wait_address, worker.semaphore, _FOR_EVER, 0)


@rt_kernel
def tell_done(worker, count):
    """So many requests more have been served. [worker]"""
    store_release(worker.done, 0, worker.done[0] + count)


@rt_kernel
def is_threaded(worker):
    """Whether a thread serves; else whoever needs something has to. [any]"""
    return worker.post_address != 0


@rt_kernel
def pause(worker):
    """Sleep for a moment: for an offline renderer, which may wait. [control]"""
    call2(worker.nap_address, np.uintp(worker.nap.ctypes.data), 0)


@rt_kernel
def await_done(worker, asked):
    """Wake it, and wait until it has served so many requests, of all. [control]"""
    wake(worker)
    while load_acquire(worker.done, 0) < asked:
        pause(worker)


@rt_kernel
def goes_on(worker):
    """Whether the worker is not to end. [worker]"""
    return load_acquire(worker.stop, 0) == 0


@rt_kernel
def begin_job(worker, long):
    """Before a job; ``long``: it takes longer than `LONG_SECONDS`. [worker]"""
    worker.began = now(worker.clock[0], worker.ticks)
    gave_way = begin_work(worker.allowance[0], worker.began, long)
    worker.counters[WORKER_GAVE_WAY] += gave_way


@rt_kernel
def end_job(worker):
    """After a job: it is counted. [worker]"""
    ended = now(worker.clock[0], worker.ticks)
    end_work(worker.allowance[0], ended)
    took = ended - worker.began
    counters = worker.counters
    counters[WORKER_RUNS] += 1
    counters[WORKER_BUSY_NS] += took
    counters[WORKER_LONGEST_NS] = max(counters[WORKER_LONGEST_NS], took)
