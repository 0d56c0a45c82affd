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
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from rtaudio_dl.core.counters import AUDIO_COUNTERS
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.core.native import call2, load_acquire
from rtaudio_dl.core.priority import Priority, raise_priority
from rtaudio_dl.core.system import address_of
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.engine.schedule import now

_ABOVE_ALL = Priority(80, 1.0)
_SLEEP_NS = 500_000
# A sleep does not see the part of a stop that passed before its end: what is seen of
# one that makes a gap, nearly a period long, may be as little as this part of a period.
_LATE = 0.25
_AROUND_NS = 15e6  # a server that lost its time tells of gaps some cycles after
_MOST = 1 << 16  # late wakings, or gaps
_MOST_PROCESSORS = 64
_TIME, _WHAT = 0, 1  # columns: ns of the clock; ns late, or place of the counter


@rt_kernel
def _note(table, count, time, what):
    if count[0] < len(table):
        table[count[0], _TIME], table[count[0], _WHAT] = time, what
        count[0] += 1


@rt_kernel
def _watch(engine, counted, known, ticks, sleep, pause, least, late, gaps, stop):
    """Sleep and look until told to stop. ``ticks`` is this thread's own memory."""
    for i in range(counted.size):
        known[i] = engine.counters[counted[i]]
    while load_acquire(stop, 0) == 0:
        began = now(engine, ticks)
        call2(sleep, pause.ctypes.data, 0)
        woke = now(engine, ticks)
        if woke - began - pause[1] > least:
            _note(*late, woke, woke - began - pause[1])
        for i in range(counted.size):
            while known[i] < engine.counters[counted[i]]:
                _note(*gaps, woke, i)
                known[i] += 1


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
        self._late: list[tuple[np.ndarray, np.ndarray]] = []
        self._gaps = np.zeros((_MOST, 2)), np.zeros(1, np.int64)
        self.refused: str | None = None

    def start(self) -> None:
        """One thread for each processor that this process may use."""
        if not hasattr(os, "sched_setaffinity"):
            self.refused = "only Linux lets a thread watch one processor"
            return
        self._stop[0] = 1
        self._run(None, self._tables(), self._gaps)  # compiled now
        self._stop[0] = 0
        self._began = int(now(self._engine, np.zeros(2, np.int64)))
        try:
            self._start_threads()
        except BaseException:
            self._end_threads()
            raise

    def _start_threads(self) -> None:
        for processor in sorted(os.sched_getaffinity(0))[:_MOST_PROCESSORS]:
            # One of them counts the gaps.
            gaps = self._tables() if self._late else self._gaps
            self._late.append(self._tables())
            arguments = (processor, self._late[-1], gaps)
            self._threads.append(start_thread(self._run, "witness", *arguments))

    def _end_threads(self) -> None:
        self._stop[0] = 1
        do_all(*(partial(join, thread) for thread in self._threads))

    def _tables(self) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((_MOST, 2)), np.zeros(1, np.int64)

    def _run(self, processor: int | None, late: tuple, gaps: tuple) -> None:
        if processor is not None:
            thread = threading.get_native_id()
            os.sched_setaffinity(thread, {processor})
            self.refused = raise_priority(thread, _ABOVE_ALL) or self.refused
            if self.refused:
                return
        sleep = address_of(ctypes.CDLL(None).nanosleep)
        pause = np.array([0, _SLEEP_NS], np.int64)  # struct timespec
        counted = np.array([AUDIO_COUNTERS.index(name) for name in self._counted])
        own = counted, np.zeros_like(counted), np.zeros(2, np.int64)
        where = np.uintp(sleep), pause, self._least, late, gaps, self._stop
        _watch(self._engine, *own, *where)

    def stop(self) -> dict[str, Any]:
        """End; what was seen, as facts."""
        self._end_threads()
        if self.refused or not self._threads:
            return {"machine_watched": self.refused or "no"}
        ended = int(now(self._engine, np.zeros(2, np.int64)))
        late = np.concatenate([table[: count[0]] for table, count in self._late])
        table, count = self._gaps
        gaps = table[: count[0]]
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
