"""`process_block`: the whole engine, one block at a time, live and offline alike."""

from __future__ import annotations

from rtaudio_dl.core.counters import (
    ACTIVE_VOICES,
    BLOCKS,
    CALLBACKS,
    OVERRUNS,
    UNDERRUNS,
)
from rtaudio_dl.core.kernel import rt_kernel, rt_shared_kernel
from rtaudio_dl.core.native import flush_denormals, load_acquire, restore_denormals
from rtaudio_dl.core.ring import write_frames
from rtaudio_dl.core.words import change_word
from rtaudio_dl.engine.dispatch import apply
from rtaudio_dl.engine.event_log import log_event, log_tap
from rtaudio_dl.engine.layout import (
    ACTIVE,
    GONE,
    IDLE,
    MASTER_NODE,
    PLACES,
    RETIRING,
    SEGMENT,
    TAP_ON,
)
from rtaudio_dl.engine.nodes import call_node, plan_nodes, run_nodes
from rtaudio_dl.engine.schedule import collect, drop_first
from rtaudio_dl.engine.telemetry import tell_event, tell_output, tell_status


@rt_kernel
def apply_due(engine):
    """Apply the events of this frame; returns the frames up to the next one. [audio]"""
    master = engine.master[0]
    due = 0
    while due < master.pending:
        event = engine.pending[master.first + due]
        if event.time > master.frame:
            break
        log_event(engine, event)
        tell_event(engine, event)
        master.applying = 1
        apply(engine, event)
        master.applying = 0
        due += 1
    drop_first(engine, due)
    if master.pending == 0:
        return SEGMENT
    return engine.pending[master.first].time - master.frame


@rt_kernel
def sweep(engine):
    """Once a block: a little housekeeping of each node, and the end of those that are
    retired and at rest. [audio]"""
    for index in range(PLACES):
        life = load_acquire(engine.node_life, index)
        if life == ACTIVE or life == RETIRING:
            node = engine.nodes[index]
            # A kind without such a function keeps nothing but its voices.
            rests = node.sweep == 0 or call_node(engine, node.sweep, index) != 0
            if rests and node.voices == 0:
                change_word(engine.node_life, index, RETIRING, GONE)


@rt_shared_kernel
def process_block(engine, out):
    """Fill ``out``, float32 (frames, 2), with the next frames. [audio]

    Events split the block at their frames. Allocates nothing, waits for nothing.
    """
    mode = flush_denormals()
    master = engine.master[0]
    # Python may change it at any time: one look.
    recorded = load_acquire(engine.switches, TAP_ON)
    log_tap(engine, recorded)
    collect(engine)
    sweep(engine)
    done = 0
    while done < out.shape[0]:
        count = min(apply_due(engine), SEGMENT, out.shape[0] - done)
        if plan_nodes(engine, count):
            continue  # what they made splits these frames, too
        run_nodes(engine, count)
        for i in range(count):
            out[done + i, 0] = engine.buses[MASTER_NODE, i, 0]
            out[done + i, 1] = engine.buses[MASTER_NODE, i, 1]
        master.frame += count
        done += count
    if recorded:
        write_frames(engine.tap_ring, engine.tap_cursors, out, out.shape[0])
    _count(engine)
    tell_output(engine, out)
    restore_denormals(mode)


@rt_kernel
def _count(engine):
    counters, active = engine.counters, 0
    for index in range(engine.voices.size):
        active += engine.voices[index].life != IDLE
    counters[ACTIVE_VOICES] = active
    counters[BLOCKS] += 1
    seen = counters[CALLBACKS], counters[UNDERRUNS], counters[OVERRUNS]
    tell_status(engine, active, *seen)
