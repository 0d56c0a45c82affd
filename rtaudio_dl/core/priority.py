"""Real-time priority and memory that stays, where the system allows it.

The audio thread gets its priority from JACK or the driver. The worker threads ask here
for lower ones: a sound may be late, the block may not. On Linux they have theirs for a
share of the time only, see `rtaudio_dl.core.allowance`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rtaudio_dl.core.allowance import ALLOWANCE
from rtaudio_dl.core.system import address_of


class Priority(NamedTuple):
    """SCHED_FIFO 1..99, for a share (0..1) of the time; JACK's clients have 5 up."""

    level: int
    share: float


STREAMS = Priority(4, 0.7)  # its hops are due within milliseconds
INFERENCE = Priority(3, 0.4)
ANALYSIS = Priority(2, 0.3)  # what is heard may be told late, too, but no sound for it
_KERNEL = Path("/proc/sys/kernel")  # what real-time threads may have of each period
_THREAD_PRIORITY_ABOVE_NORMAL = 1  # Windows
_USER_INTERACTIVE = 0x21  # macOS QOS_CLASS_USER_INTERACTIVE
ADVICE = (
    "add your user to the group audio and give it rtprio and memlock in "
    "/etc/security/limits.d/audio.conf, then log in again"
)


def raise_priority(
    native_id: int,
    priority: Priority = INFERENCE,
    allowance: np.ndarray | None = None,
) -> str | None:
    """Ask for real-time priority for the calling thread, whose id ``native_id`` is.

    ``allowance`` (`ALLOWANCE`, (1,)) is where the thread's kernel counts how much it
    had; None: it has it all the time. Returns None if it was given, else one line that
    says why not and what to do.
    """
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.GetCurrentThread.restype = ctypes.c_void_p
        thread = ctypes.c_void_p(kernel.GetCurrentThread())
        given = kernel.SetThreadPriority(thread, _THREAD_PRIORITY_ABOVE_NORMAL)
        return None if given else "Windows refused a higher priority for inference"
    if sys.platform == "darwin":
        refused = ctypes.CDLL(None).pthread_set_qos_class_self_np(_USER_INTERACTIVE, 0)
        return "macOS refused a higher priority for inference" if refused else None
    try:
        parameter = os.sched_param(priority.level)
        os.sched_setscheduler(native_id, os.SCHED_FIFO, parameter)
    except OSError as error:
        return f"no real-time priority for inference ({error.strerror}): {ADVICE}"
    if allowance is not None:
        _limit(allowance, priority)
    return None


def _limit(allowance: np.ndarray, priority: Priority) -> None:
    """Let a thread that has its priority give it back in time."""
    allowance[:] = np.zeros(1, ALLOWANCE)
    function = ctypes.CDLL(None).sched_setscheduler
    address = allowance.ctypes.data
    fields = {name: address + ALLOWANCE.fields[name][1] for name in ALLOWANCE.names}
    allowance["policy"], allowance["priority"] = os.SCHED_FIFO, priority.level
    allowance["priority_address"] = fields["priority"]
    allowance["no_priority_address"] = fields["no_priority"]
    allowance["share"], allowance["raised"] = priority.share, 1
    allowance["set_scheduler"] = address_of(function)


def real_time_share() -> float | None:
    """What Linux gives real-time threads of each second of a processor, 0..1.

    None: as much as they want, or the system does not say.
    """
    try:
        runtime, period = (
            int((_KERNEL / f"sched_rt_{name}_us").read_text())
            for name in ("runtime", "period")
        )
    except (OSError, ValueError):
        return None
    return None if runtime < 0 else runtime / period


def refusal() -> str | None:
    """Why a thread of this process may not have real-time priority; None: it may."""
    if not hasattr(os, "SCHED_FIFO"):
        return None  # macOS and Windows have no such limit
    import resource

    limit = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    if os.geteuid() == 0 or limit == resource.RLIM_INFINITY or limit > 0:
        return None
    return "this user may not have it (limit rtprio is 0)"


def lockable_bytes() -> int | None:
    """How much memory this process may lock; None: as much as there is."""
    if sys.platform == "win32":
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    unlimited = os.geteuid() == 0 or limit == resource.RLIM_INFINITY
    return None if unlimited else limit


def lock_memory(array: np.ndarray) -> bool:
    """Keep an array out of swap; False where the system does not allow it."""
    if sys.platform == "win32":
        return False
    address = ctypes.c_void_p(array.ctypes.data)
    return ctypes.CDLL(None).mlock(address, ctypes.c_size_t(array.nbytes)) == 0
