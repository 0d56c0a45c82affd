"""Events that nodes make: an arpeggio, a metronome, an improvising model.

They are events like any other: other nodes get them at their frame, the flight recorder
and the history have them. A thread beside the engine has a source of its own instead,
see `Engine.add_source`.
"""

from __future__ import annotations

from rtaudio_dl.core.counters import LOST_EVENTS
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import load_acquire
from rtaudio_dl.core.ring import push
from rtaudio_dl.engine.events import FRAMES
from rtaudio_dl.engine.layout import OUT_ON, REPLAYED
from rtaudio_dl.engine.schedule import insert


@rt_kernel
def emit(engine, event, frame):
    """Let a node's event happen at a frame; its time is overwritten. [audio]

    To the frame where a node's ``plan`` does it. An answer to an event comes a frame
    later at the earliest, so nodes may answer each other; what ``process`` makes for
    the frames at hand comes after them. In a replay nothing happens: the recording has
    what was played.
    """
    master = engine.master[0]
    if load_acquire(engine.switches, REPLAYED):
        return
    event.time, event.clock = max(frame, master.frame + master.applying), FRAMES
    if not insert(engine, event, event.time):
        engine.counters[LOST_EVENTS] += 1
        return
    master.emitted += 1
    if load_acquire(engine.switches, OUT_ON):
        push(engine.out_ring, engine.out_cursors, event)
