"""Entries that access shared words plainly."""

from __future__ import annotations

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import load_acquire, record_at, store_release
from rtaudio_dl.engine.layout import ENGINE

NAMES = ("reads", "reads_any", "writes", "fills", "counts", "turns", "hears")


@rt_entry("wpw")
def innocent(address, index):
    engine = record_at(address, ENGINE)
    store_release(engine.switches, 0, engine.channels[index].node)
    return load_acquire(engine.node_life, index) + engine.tap_cursors[0]


@rt_entry("wp")
def reads(address):
    return record_at(address, ENGINE).node_life[3]


@rt_entry("wpw")
def reads_any(address, index):
    engine = record_at(address, ENGINE)
    return engine.node_life[engine.channels[index].node]


@rt_entry("vpw")
def writes(address, count):
    engine = record_at(address, ENGINE)
    for i in range(count):
        engine.source_places[i] = i


@rt_entry("vp")
def fills(address):
    record_at(address, ENGINE).node_life[:] = 0


@rt_entry("vp")
def counts(address):
    record_at(address, ENGINE).tap_cursors[16] += 1


@rt_entry("wp")
def turns(address):
    return record_at(address, ENGINE).order[0] & 255


@rt_entry("wp")
def hears(address):
    return record_at(address, ENGINE).inputs[0].onset_on[0]
