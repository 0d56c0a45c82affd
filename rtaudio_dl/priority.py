"""Real-time priority and memory that stays, where the system allows it.

The audio thread gets its priority from JACK or the driver. The inference thread asks
here for a lower one: a sound may be late, the block may not.
"""

from __future__ import annotations

import ctypes
import os
import sys

import numpy as np

# SCHED_FIFO 1..99; JACK's clients run at 5 and above.
STREAM_PRIORITY = 4  # its hops are due within milliseconds
INFERENCE_PRIORITY = 3
ANALYSIS_PRIORITY = 2  # what is heard may be told late, too, but no sound for it
_THREAD_PRIORITY_ABOVE_NORMAL = 1  # Windows
_USER_INTERACTIVE = 0x21  # macOS QOS_CLASS_USER_INTERACTIVE
ADVICE = (
    "add your user to the group audio and give it rtprio and memlock in "
    "/etc/security/limits.d/audio.conf, then log in again"
)


def raise_priority(native_id: int, priority: int = INFERENCE_PRIORITY) -> str | None:
    """Ask for real-time priority for the calling thread, whose id ``native_id`` is.

    Returns None if it was given, else one line that says why not and what to do.
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
        parameter = os.sched_param(priority)
        os.sched_setscheduler(native_id, os.SCHED_FIFO, parameter)
    except OSError as error:
        return f"no real-time priority for inference ({error.strerror}): {ADVICE}"
    return None


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
