"""What the machine does to a thread that has nothing to do.

On each processor a thread above all sound sleeps for half a millisecond and looks at
the clock. Where it wakes late, nobody had that processor: a hypervisor, firmware or the
kernel itself kept it. A gap in the sound around such a moment is the machine's, every
other gap is ours. (The method is that of cyclictest, of the real-time Linux project.)
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from rtaudio_dl.core.clock import now
from rtaudio_dl.core.control import store_word
from rtaudio_dl.core.counters import AUDIO_COUNTERS
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import Memory, rt_kernel
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.core.native import (
    call2,
    doubles_at,
    load_acquire,
    record_at,
    words_at,
)
from rtaudio_dl.core.priority import Priority, raise_priority
from rtaudio_dl.core.system import address_of
from rtaudio_dl.engine.layout import ENGINE, Engine

_ABOVE_ALL = Priority(80, 1.0)
_SLEEP_NS = 500_000
# A sleep does not see the part of a stop that passed before its end: what is seen of
# one that makes a gap, nearly a period long, may be as little as this part of a period.
_LATE = 0.25
_AROUND_NS = 15e6  # a server that lost its time tells of gaps some cycles after
_MOST = 1 << 16  # late wakings, or gaps
_MOST_PROCESSORS = 64
_MOST_COUNTERS = 8
_TIME, _WHAT = 0, 1  # columns: ns of the clock; ns late, or place of the counter


_WATCH = np.dtype(
    [
        ("engine", np.uintp),
        ("sleep", np.uintp),  # int nanosleep(const struct timespec *, void *)
        ("least", np.float64),  # ns late that count
        ("stop", np.uintp),  # int64
        ("ticks", np.int64, (2,)),
        ("pause", np.int64, (2,)),  # struct timespec
        ("counters", np.int64),  # that are watched
        ("counted", np.int64, (_MOST_COUNTERS,)),
        ("known", np.int64, (_MOST_COUNTERS,)),
        ("late", np.uintp),  # float64 (_MOST, 2)
        ("late_count", np.int64, (1,)),
        ("gaps", np.uintp),
        ("gaps_count", np.int64, (1,)),
    ],
    align=True,
)


@rt_kernel
def _note(table, count, time, what):
    if count[0] < len(table):
        table[count[0], _TIME], table[count[0], _WHAT] = time, what
        count[0] += 1


@rt_entry("vp")
def _watch(watch):
    """Sleep and look until told to stop; the memory is this thread's own. [any]"""
    own = record_at(watch, _WATCH)
    engine, stop = record_at(own.engine, ENGINE), words_at(own.stop, 1)
    late, gaps = doubles_at(own.late, _MOST, 2), doubles_at(own.gaps, _MOST, 2)
    for i in range(own.counters):
        own.known[i] = engine.counters[own.counted[i]]
    while load_acquire(stop, 0) == 0:
        began = now(engine.master[0].clock[0], own.ticks)
        call2(own.sleep, own.pause.ctypes.data, 0)
        woke = now(engine.master[0].clock[0], own.ticks)
        if woke - began - own.pause[1] > own.least:
            _note(late, own.late_count, woke, woke - began - own.pause[1])
        for i in range(own.counters):
            while own.known[i] < engine.counters[own.counted[i]]:
                _note(gaps, own.gaps_count, woke, i)
                own.known[i] += 1


class _Watch(Memory):
    """The memory of one thread, and what it wrote down."""

    def __init__(self, engine: Engine, least: float, counted: Sequence[str], stop):
        super().__init__(_WATCH)
        self._lasting = engine, stop  # what it points to
        self.late_table, self.gaps_table = np.zeros((_MOST, 2)), np.zeros((_MOST, 2))
        self.engine[0], self.stop[0] = engine.address, stop.ctypes.data
        self.sleep[0] = address_of(ctypes.CDLL(None).nanosleep)
        self.least[0], self.pause[:] = least, (0, _SLEEP_NS)
        numbers = [AUDIO_COUNTERS.index(name) for name in counted]
        self.counters[0], self.counted[: len(numbers)] = len(numbers), numbers
        self.late[0] = self.late_table.ctypes.data
        self.gaps[0] = self.gaps_table.ctypes.data

    def seen_late(self) -> np.ndarray:
        return self.late_table[: self.late_count[0]]

    def seen_gaps(self) -> np.ndarray:
        return self.gaps_table[: self.gaps_count[0]]


class Witness:
    """Watches from `start` to `stop`; ``period`` of the callbacks is in seconds.

    ``counted`` names the audio thread's counters that count gaps. ``refused`` says in
    one line why it could not be done, or is None.
    """

    def __init__(self, engine: Engine, period: float, counted: Sequence[str]):
        self._engine, self._least = engine, _LATE * period * 1e9
        self._counted = tuple(counted)
        self._stop = np.zeros(1, np.int64)
        self._threads: list[threading.Thread] = []
        self._watches: list[_Watch] = []
        self.refused: str | None = None

    def start(self) -> None:
        """One thread for each processor that this process may use."""
        if not hasattr(os, "sched_setaffinity"):
            self.refused = "only Linux lets a thread watch one processor"
            return
        _ = _watch.address  # compiled now
        store_word(self._stop, 0, 0)
        self._began = time.perf_counter_ns()
        try:
            self._start_threads()
        except BaseException:
            self._end_threads()
            raise

    def _start_threads(self) -> None:
        for processor in sorted(os.sched_getaffinity(0))[:_MOST_PROCESSORS]:
            watch = _Watch(self._engine, self._least, self._counted, self._stop)
            self._watches.append(watch)
            self._threads.append(start_thread(self._run, "witness", processor, watch))

    def _end_threads(self) -> None:
        store_word(self._stop, 0, 1)
        do_all(*(partial(join, thread) for thread in self._threads))

    def _run(self, processor: int, watch: _Watch) -> None:
        thread = threading.get_native_id()
        os.sched_setaffinity(thread, {processor})
        self.refused = raise_priority(thread, _ABOVE_ALL) or self.refused
        if not self.refused:
            _watch(watch)

    def stop(self) -> dict[str, Any]:
        """End; what was seen, as facts."""
        self._end_threads()
        if self.refused or not self._threads:
            return {"machine_watched": self.refused or "no"}
        ended = time.perf_counter_ns()
        late = np.concatenate([watch.seen_late() for watch in self._watches])
        gaps = self._watches[0].seen_gaps()  # the others saw the same
        times = {n: gaps[gaps[:, _WHAT] == i, 0] for i, n in enumerate(self._counted)}
        return judge(late, times, ended - self._began)


def judge(
    late: np.ndarray, gaps: Mapping[str, np.ndarray], lasted: float
) -> dict[str, Any]:
    """Whose the gaps are.

    ``late`` is float (wakings, 2): ns of the clock, ns late; ``gaps`` has the times of
    each kind of gap, ns; ``lasted`` is in ns. ``machine_percent`` is the part of all
    time that counts as the machine's: by chance, as large a part of the gaps would fall
    there.
    """
    begins = late[:, _TIME] - late[:, _WHAT] - _AROUND_NS
    ends = late[:, _TIME] + _AROUND_NS
    facts = {
        "machine_watched": "yes",
        "machine_late": len(late),
        "machine_longest_ms": float(late[:, _WHAT].max(initial=0) / 1e6),
        "machine_percent": 100 * _covered(begins, ends) / lasted,
    }
    for name, times in gaps.items():
        beside = [((begins <= time) & (time <= ends)).any() for time in times]
        facts[f"{name}_of_the_machine"] = int(sum(beside))
        facts[f"{name}_of_ours"] = len(beside) - int(sum(beside))
    return facts


def _covered(begins: np.ndarray, ends: np.ndarray) -> float:
    """The length of the union of intervals."""
    total, reached = 0.0, -np.inf
    for begin, end in sorted(zip(begins, ends, strict=True)):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
