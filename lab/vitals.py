"""What Linux tells of a process and of its audio thread; None on other systems."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TASKS = Path("/proc/self/task")
_WATCH_SECONDS = 0.5
_TOLERANCE = 0.3  # of the callbacks' rate
_MINOR_FAULTS, _MAJOR_FAULTS = 7, 9  # fields of `stat` after the name in brackets
_STEAL = 8  # field of the first line of /proc/stat
_SWITCHES = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")


def resident_mib() -> float | None:
    """Memory of this process that is in RAM, in MiB."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    return _field(status, "VmRSS") / 1024


def stolen_ms() -> float | None:
    """Processor time that a virtual machine's host gave to others so far, all cores."""
    try:
        cpu = Path("/proc/stat").read_text(encoding="utf-8").partition("\n")[0]
    except OSError:
        return None
    return 1e3 * int(cpu.split()[_STEAL]) / os.sysconf("SC_CLK_TCK")


def stolen_since(before: float | None) -> float | None:
    """What was stolen since `stolen_ms` gave ``before``."""
    return None if before is None else stolen_ms() - before


def audio_thread(callbacks_per_second: float) -> int | None:
    """The thread that wakes as often as the callback is called: its id, or None.

    JACK makes that thread, and tells nobody which it is.
    """
    if not _TASKS.is_dir():
        return None
    before = {task: _voluntary(task) for task in _tasks()}
    began = time.perf_counter()
    time.sleep(_WATCH_SECONDS)
    passed = time.perf_counter() - began
    rates = {
        task: (_voluntary(task) - before[task]) / passed
        for task in _tasks()
        if task in before
    }
    if not rates:
        return None
    nearest = min(rates, key=lambda task: abs(rates[task] - callbacks_per_second))
    off = abs(rates[nearest] - callbacks_per_second)
    return nearest if off < _TOLERANCE * callbacks_per_second else None


def policy(task: int | None) -> str:
    """How a thread is scheduled, with its priority."""
    if task is None:
        return "not told by this system"
    names = {os.SCHED_FIFO: "SCHED_FIFO", os.SCHED_RR: "SCHED_RR"}
    name = names.get(os.sched_getscheduler(task), "no real-time priority")
    return f"{name} {os.sched_getparam(task).sched_priority}"


def thread_counters(task: int | None) -> dict[str, int]:
    """Page faults and context switches of a thread so far; empty where not told."""
    if task is None:
        return {}
    try:
        stat = (_TASKS / str(task) / "stat").read_text(encoding="utf-8")
        status = (_TASKS / str(task) / "status").read_text(encoding="utf-8")
    except OSError:
        return {}
    fields = stat.rpartition(")")[2].split()
    return {
        "minor_faults": int(fields[_MINOR_FAULTS]),
        "major_faults": int(fields[_MAJOR_FAULTS]),
        "voluntary_switches": _field(status, _SWITCHES[0]),
        "involuntary_switches": _field(status, _SWITCHES[1]),
    }


def _tasks() -> list[int]:
    return [int(name) for name in os.listdir(_TASKS)]


def _voluntary(task: int) -> int:
    counters = thread_counters(task)
    return counters.get("voluntary_switches", 0)


def _field(text: str, name: str) -> int:
    line = next(line for line in text.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1])
