"""From rings to frames: when each event happens.

Offline events carry their frame. Live ones carry the nanosecond at which they arrived;
in ``asap`` placement they happen at the start of the block, in ``fixed`` placement at
their own frame plus a constant delay, so that their distances stay exact. The frame of
a nanosecond comes from a delay-locked loop on the callback's times (Adriaensen, "Using
a DLL to filter time", LAC 2005).
"""

from __future__ import annotations

import math

from rtaudio_dl.core.counters import MISPLACED
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import (
    load_acquire,
    records_at,
    store_release,
    words_at,
)
from rtaudio_dl.core.ring import CURSORS, READ, WRITE
from rtaudio_dl.engine.events import AT_ONCE, EVENT, NANOSECONDS

_BANDWIDTH = 0.5  # Hz, of the loop: slower than the jitter, faster than the drift
_EAGER = 4.0  # Hz more at first: the very first callback may have been late
_SETTLING = 0.3  # s, time constant at which that wears off
_STABLE = 0.5  # the loop's bandwidth in radians per block, at most
_LOST = 5e6  # ns: a step that large is a stopped device, not jitter


@rt_kernel
def follow_clock(engine, nanoseconds):
    """Tell the loop that the block at `master.frame` begins now. [audio]"""
    master = engine.master[0]
    passed = master.frame - master.loop_frame
    error = nanoseconds - (master.loop_time + passed * master.loop_period)
    if not master.loop_started or abs(error) > _LOST or passed <= 0:
        master.loop_period = 1e9 / master.sample_rate
        master.loop_time = nanoseconds
        master.loop_started = 1
        master.loop_since = master.frame
    else:
        age = (master.frame - master.loop_since) / (_SETTLING * master.sample_rate)
        bandwidth = _BANDWIDTH + _EAGER * math.exp(-age)
        omega = 2.0 * math.pi * bandwidth * passed / master.sample_rate
        omega = min(omega, _STABLE)
        master.loop_time = nanoseconds - error * (1.0 - math.sqrt(2.0) * omega)
        master.loop_period += omega * omega * error / passed
    master.loop_frame = master.frame


@rt_kernel
def _frame_of(engine, event):
    master = engine.master[0]
    if event.time == AT_ONCE:
        return master.frame
    if event.clock != NANOSECONDS:
        return event.time
    if not master.fixed or not master.loop_started:
        return master.frame
    ahead = (event.time - master.loop_time) / master.loop_period
    frame = master.loop_frame + int(math.floor(ahead + 0.5))
    # No event comes before it happens: one with a stamp of another clock would wait for
    # ever, and its note hang.
    latest = master.frame + int(_LOST * 1e-9 * master.sample_rate)
    return min(frame, latest) + master.delay


@rt_kernel
def _to_front(engine):
    master = engine.master[0]
    for i in range(master.pending):
        engine.pending[i] = engine.pending[master.first + i]
    master.first = 0


@rt_kernel
def insert(engine, event, frame):
    """Let an event happen at a frame that is not over; False if there is no room.

    [audio]
    """
    # Sorted by frame, the first come first among equals; most go to the end.
    master = engine.master[0]
    if master.pending == engine.pending.size:
        return False
    if master.first + master.pending == engine.pending.size:
        _to_front(engine)
    place = master.first + master.pending
    while place > master.first and engine.pending[place - 1].time > frame:
        engine.pending[place] = engine.pending[place - 1]
        place -= 1
    engine.pending[place] = event
    engine.pending[place].time = frame
    master.pending += 1
    return True


@rt_kernel
def _collect(engine, ring, cursors):
    master = engine.master[0]
    read, write = cursors[READ], load_acquire(cursors, WRITE)
    # What does not fit stays in its ring until there is room: nothing is lost.
    while read < write and master.pending < engine.pending.size:
        event = ring[read & (ring.size - 1)]
        frame = _frame_of(engine, event)
        if frame < master.frame:
            engine.counters[MISPLACED] += 1
            frame = master.frame
        insert(engine, event, frame)
        read += 1
    store_release(cursors, READ, read)


@rt_kernel
def collect(engine):
    """Move what has arrived to the list of pending events. [audio]"""
    for index in range(engine.sources.size):
        source = engine.sources[index]
        # Python may open and close a source at any time: one look.
        places = load_acquire(engine.source_places, index)
        if places > 0:
            ring = records_at(source.ring, places, EVENT)
            _collect(engine, ring, words_at(source.cursors, CURSORS))


@rt_kernel
def drop_first(engine, count):
    """Forget the first ``count`` pending events. [audio]"""
    master = engine.master[0]
    master.pending -= count
    master.first = master.first + count if master.pending else 0
