"""A clock and a semaphore of the operating system, as addresses for native code.

Kernels call them by address (see core/native.py); nothing here runs while sound plays.
"""

from __future__ import annotations

import ctypes
import sys
import time
from dataclasses import dataclass
from typing import Any

from rtaudio_dl.errors import EngineError

_WINDOWS = sys.platform == "win32"
_MACOS = sys.platform == "darwin"
_SEM_T_BYTES = 128  # sem_t has 16 to 32 bytes on the systems known


@dataclass(frozen=True)
class Clock:
    """The clock of `time.perf_counter_ns`, for native callers.

    ``tick`` is 0 for ``clock_gettime(id, timespec*)``, else the nanoseconds per tick of
    ``QueryPerformanceCounter(int64*)``. ``thread_id`` is the id of the clock of the
    calling thread's processor time, or -1.
    """

    address: int
    id: int
    tick: float
    thread_id: int


def performance_clock() -> Clock:
    """Find this system's clock."""
    if _WINDOWS:
        kernel = ctypes.windll.kernel32
        frequency = ctypes.c_int64()
        kernel.QueryPerformanceFrequency(ctypes.byref(frequency))
        tick = 1e9 / frequency.value
        return Clock(address_of(kernel.QueryPerformanceCounter), 0, tick, -1)
    # What time.perf_counter_ns counts; on macOS not while the computer sleeps.
    clock = time.CLOCK_UPTIME_RAW if _MACOS else time.CLOCK_MONOTONIC
    function = address_of(ctypes.CDLL(None).clock_gettime)
    return Clock(function, clock, 0, time.CLOCK_THREAD_CPUTIME_ID)


class Semaphore:
    """A counting semaphore that native threads post and wait on by address."""

    def __init__(self) -> None:
        library = ctypes.windll.kernel32 if _WINDOWS else ctypes.CDLL(None)
        make = self._windows if _WINDOWS else self._macos if _MACOS else self._posix
        post, wait = make(library)
        if not self.handle:
            raise EngineError("the system gave no semaphore; close other programs")
        self.post_address, self.wait_address = address_of(post), address_of(wait)
        self._post = ctypes.CFUNCTYPE(ctypes.c_ssize_t, *[ctypes.c_void_p] * 3)(
            self.post_address
        )

    def post(self) -> None:
        """Wake one waiter."""
        self._post(self.handle, 1, None)

    def _posix(self, library: Any) -> tuple[Any, Any]:
        self._memory = ctypes.create_string_buffer(_SEM_T_BYTES)
        self.handle = ctypes.addressof(self._memory)
        if library.sem_init(ctypes.c_void_p(self.handle), 0, 0) != 0:
            self.handle = 0
        return library.sem_post, library.sem_wait

    def _macos(self, library: Any) -> tuple[Any, Any]:
        library.dispatch_semaphore_create.restype = ctypes.c_void_p
        library.dispatch_semaphore_create.argtypes = [ctypes.c_long]
        self.handle = library.dispatch_semaphore_create(0)
        return library.dispatch_semaphore_signal, library.dispatch_semaphore_wait

    def _windows(self, library: Any) -> tuple[Any, Any]:
        library.CreateSemaphoreW.restype = ctypes.c_void_p
        self.handle = library.CreateSemaphoreW(None, 0, 0x7FFFFFFF, None)
        return library.ReleaseSemaphore, library.WaitForSingleObject


def address_of(function: Any) -> int:
    """The address of a C function of ctypes, for native callers."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def nap_address() -> int:
    """The address of ``int nanosleep(const struct timespec *, void *)``.

    Windows has none: there it is what lets another thread run, and takes nothing.
    """
    if sys.platform == "win32":
        return address_of(ctypes.windll.kernel32.SwitchToThread)
    return address_of(ctypes.CDLL(None).nanosleep)
