"""What keeps an interpreter from running anything else, as user code does."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from typing import Any

from rtaudio_dl.core.lifetime import start_thread

LOADS = ("idle", "1 busy thread", "3 busy threads", "collecting", "held")
_OBJECTS = 1_000_000
_SIZE = 1 << 18  # bits of the first number that is tried
_EXPONENT = 1.585  # of the cost of multiplying integers: log2(3), Karatsuba's
_TRIAL_SECONDS = 0.05  # that a trial must last to choose a number by it
_TRIALS = 3  # the shortest counts: nothing else ran meanwhile
_MARGIN = 1.1


class Burdened:
    """Something whose interpreter can be kept busy; `process` gives it commands."""

    _threads: tuple[threading.Thread, ...] = ()
    _ended = threading.Event()
    _held = 0.0

    def burden(self, load: str, delay: float = 0.0, seconds: float = 0.0) -> str:
        """Begin a load. ``held`` begins after ``delay`` s, and lasts ``seconds``."""
        self._ended, self._threads = threading.Event(), ()
        if load == "held":
            self._begin(self._hold, delay, _number_for(seconds))
        elif load == "collecting":
            ready = threading.Event()
            self._begin(self._collect, ready)
            ready.wait()
        else:
            for _ in range({"idle": 0, "1 busy thread": 1, "3 busy threads": 3}[load]):
                self._begin(self._spin)
        return load

    def unburden(self) -> float:
        """End the load; the seconds for which one C call held the interpreter."""
        self._ended.set()
        threads, self._threads = self._threads, ()
        for thread in threads:
            thread.join()
        held, self._held = self._held, 0.0
        return held

    def _begin(self, load: Callable[..., None], *arguments: Any) -> None:
        self._threads += (start_thread(load, "load", *arguments),)

    def _spin(self) -> None:
        while not self._ended.is_set():
            sum(range(1000))

    def _collect(self, ready: threading.Event) -> None:
        objects = [[i] for i in range(_OBJECTS)]
        ready.set()
        while not self._ended.is_set():
            gc.collect()
        del objects

    def _hold(self, delay: float, number: int) -> None:
        time.sleep(delay)
        self._held = _time_of_product(number)


def _time_of_product(number: int) -> float:
    """Seconds of one multiplication: a single C call that keeps the GIL."""
    began = time.perf_counter()
    _ = number * number
    return time.perf_counter() - began


def _number_for(seconds: float) -> int:
    """A number whose square takes at least about so long to compute here."""
    bits, took = _SIZE, 0.0
    while took < _TRIAL_SECONDS:
        bits *= 2
        trials = (_time_of_product((1 << bits) - 1) for _ in range(_TRIALS))
        took = min(trials)
    return (1 << int(bits * (_MARGIN * seconds / took) ** (1 / _EXPONENT))) - 1
