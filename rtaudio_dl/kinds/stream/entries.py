"""The kind stream as the engine and the threads call it."""

from __future__ import annotations

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import record_at
from rtaudio_dl.core.worker import wake
from rtaudio_dl.engine import events
from rtaudio_dl.engine.events import EVENT
from rtaudio_dl.engine.layout import ENGINE
from rtaudio_dl.engine.records import ALONE
from rtaudio_dl.kinds.stream.lanes import (
    ask_hops,
    give_lane,
    lanes_rest,
    set_latency,
    stream_of,
    take_lane,
)
from rtaudio_dl.kinds.stream.layout import SHARED
from rtaudio_dl.kinds.stream.voice import play_lanes
from rtaudio_dl.kinds.stream.worker import await_hops, serve_hops, work_hops


@rt_entry("vpww")
def process(address, node, count):
    """Add ``count`` frames of the node's voices to the mix. [audio]"""
    engine = record_at(address, ENGINE)
    if engine.nodes[node].voices == 0:
        return
    shared = record_at(stream_of(engine, node).shared, SHARED)
    ask_hops(engine, node, count)
    if engine.master[0].alone == ALONE:
        serve_hops(engine, shared)
    else:
        wake(shared.worker[0])
    play_lanes(engine, node, count)


@rt_entry("wpww")
def take(address, node, key):
    """A lane for a note of a key. [audio]"""
    return take_lane(record_at(address, ENGINE), node, key)


@rt_entry("vpww")
def end(address, node, lane):
    """A note has ended. [audio]"""
    give_lane(stream_of(record_at(address, ENGINE), node), lane)


@rt_entry("wpw")
def sweep(address, node):
    """1 when no note and no run uses the node's lanes. [audio]"""
    return 1 if lanes_rest(stream_of(record_at(address, ENGINE), node)) else 0


@rt_entry("vpwp")
def event(address, node, told):
    """An event for the node: how late its notes begin. [audio]"""
    said = record_at(told, EVENT)
    if said.kind == events.LATENCY:
        set_latency(stream_of(record_at(address, ENGINE), node), said.value)


@rt_entry("wpw")
def serve(address, node):
    """Have every hop made that is asked for, of all nodes. [control]"""
    engine = record_at(address, ENGINE)
    return await_hops(engine, record_at(stream_of(engine, node).shared, SHARED))


@rt_entry("vpp")
def work(address, shared):
    """Serve for ever. [worker]"""
    work_hops(record_at(address, ENGINE), record_at(shared, SHARED))
