"""The clock of native threads, and the time that a thread has computed."""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import call2

CLOCK = np.dtype(
    [
        ("address", np.uintp),  # int clock_gettime(int, int64[2]) or its like; 0: none
        ("id", np.int64),
        ("thread_id", np.int64),  # of the thread's processor time, or -1
        ("tick", np.float64),  # nanoseconds per tick; 0: seconds and nanoseconds
    ],
    align=True,
)


@rt_kernel
def now(clock, ticks):
    """Nanoseconds of the clock that stamps events (`time.perf_counter_ns`). [any]

    ``ticks`` is int64 (2,), memory of the calling thread alone. 0 without a clock.
    """
    if clock.address == 0:
        return 0
    if clock.tick == 0.0:
        call2(clock.address, np.uintp(clock.id), ticks.ctypes.data)
        return ticks[0] * 1_000_000_000 + ticks[1]
    call2(clock.address, ticks.ctypes.data, 0)
    return int(ticks[0] * clock.tick)


@rt_kernel
def spent(clock, ticks):
    """Nanoseconds that this thread has computed; `now` where none can tell. [any]"""
    if clock.address == 0 or clock.thread_id < 0:
        return now(clock, ticks)
    call2(clock.address, np.uintp(clock.thread_id), ticks.ctypes.data)
    return ticks[0] * 1_000_000_000 + ticks[1]
