"""How long a worker thread may keep its real-time priority.

Linux gives real-time threads 95 % of each second of a processor (sched_rt_runtime_us),
and then stops all of them for the rest of it, the audio thread too. So a thread with
much to compute, as after a change of patches, gives its priority back in time: it goes
on as any other thread does, and takes it again when it has had less to do. What it used
is a leaky bucket, so that a burst, a chord of new sounds, is made in one go.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import call3

BURST_NS = 100e6  # of work in one go
_REGAINED_NS = BURST_NS / 2  # below this the thread has its priority again
LONG_SECONDS = 0.25  # a run that takes longer never has it: it cannot stop half-way

ALLOWANCE = np.dtype(
    [
        # int sched_setscheduler(0, policy, int32 *priority); 0: it keeps what it has
        ("set_scheduler", np.uintp),
        ("policy", np.int64),  # real-time
        ("priority", np.int32),
        ("no_priority", np.int32),
        ("priority_address", np.uintp),  # of the two above
        ("no_priority_address", np.uintp),
        ("raised", np.int64),  # 1 while it has its priority
        ("share", np.float64),  # 0..1 of the time that it may have in the long run
        ("used", np.float64),  # ns, in the bucket
        ("since", np.int64),  # ns of the clock, up to when the bucket is right
    ],
    align=True,
)


@rt_kernel
def _set_priority(allowance, raised):
    # SCHED_OTHER is 0 on every Linux.
    policy = allowance.policy if raised else 0
    address = allowance.priority_address if raised else allowance.no_priority_address
    status = call3(allowance.set_scheduler, 0, np.uintp(policy), address)
    if status == 0:
        allowance.raised = raised


@rt_kernel
def begin_work(allowance, nanoseconds, long):
    """Have the priority that is due for the work that begins now. [worker]

    ``nanoseconds`` is the clock; ``long`` says that the work takes longer than
    `LONG_SECONDS`. Returns 1 if the thread gave its priority back now, else 0.
    """
    if allowance.set_scheduler == 0:
        return 0
    leaked = allowance.share * (nanoseconds - allowance.since)
    allowance.used = max(0.0, allowance.used - leaked)
    allowance.since = nanoseconds
    if allowance.raised:
        if long or allowance.used > BURST_NS:
            _set_priority(allowance, 0)
            return 1
    elif not long and allowance.used < _REGAINED_NS:
        _set_priority(allowance, 1)
    return 0


@rt_kernel
def end_work(allowance, nanoseconds):
    """Count the work that `begin_work` let begin, if it had priority. [worker]"""
    if allowance.raised:
        allowance.used += nanoseconds - allowance.since
