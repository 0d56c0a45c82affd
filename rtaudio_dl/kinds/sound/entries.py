"""The kind sound as the engine and the threads call it."""

from __future__ import annotations

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import record_at, store_release
from rtaudio_dl.core.worker import wake
from rtaudio_dl.engine.layout import ENGINE, NONE
from rtaudio_dl.kinds.sound.memory import REQUESTED, SHARED
from rtaudio_dl.kinds.sound.pool import (
    free_if_unused,
    release,
    request,
    sound_of,
    sweep_sounds,
    take_sound,
    unready,
)
from rtaudio_dl.kinds.sound.voice import play_sounds
from rtaudio_dl.kinds.sound.worker import await_sounds, work_sounds


@rt_entry("vpww")
def process(address, node, count):
    """Add ``count`` frames of the node's voices to the mix. [audio]"""
    engine = record_at(address, ENGINE)
    if engine.nodes[node].voices > 0:
        play_sounds(engine, node, count)
    wake(record_at(sound_of(engine, node).shared, SHARED).worker[0])


@rt_entry("wpww")
def take(address, node, key):
    """The slot for the note of `Engine.strike`. [audio]"""
    engine = record_at(address, ENGINE)
    return take_sound(engine, node, key, engine.strike[0].velocity)


@rt_entry("vpww")
def end(address, node, slot):
    """A voice uses its slot no longer. [audio]"""
    release(sound_of(record_at(address, ENGINE), node), slot)


@rt_entry("wpw")
def sweep(address, node):
    """Housekeeping of the pool; 1 when nothing of it is in use. [audio]"""
    return 1 if sweep_sounds(record_at(address, ENGINE), node) else 0


@rt_entry("wpw")
def serve(address, node):
    """Have all sounds made that were asked for, of every node. [control]"""
    engine = record_at(address, ENGINE)
    return await_sounds(engine, record_at(sound_of(engine, node).shared, SHARED))


@rt_entry("wpw")
def lacking(address, node):
    """Sounds that the node's keys still lack. [any]"""
    return unready(record_at(address, ENGINE), node)


@rt_entry("vpp")
def work(address, shared):
    """Serve for ever. [worker]"""
    work_sounds(record_at(address, ENGINE), record_at(shared, SHARED))


@rt_entry("wpwwwdddi")
def prepare(address, node, key, number, morph, variation, velocity, ready):
    """Make a certain sound the next one of a key; its slot, or NONE. [control]

    The node must be frozen. With ``ready`` 0 a note will wait for it, until its slot is
    made READY.
    """
    engine = record_at(address, ENGINE)
    sound = sound_of(engine, node)
    old = sound.queues[key, 0]
    sound.queues[key, 0] = NONE
    if old != NONE:
        sound.slots[old].queued = 0
        free_if_unused(sound, old)
    slot = request(engine, node, key, number, velocity)
    if slot != NONE:
        sound.slots[slot].morph = morph
        sound.slots[slot].variation = variation
        sound.slots[slot].queued = 1
        sound.queues[key, 0] = slot
        await_sounds(engine, record_at(sound.shared, SHARED))
        if not ready:
            store_release(sound.slot_life, slot, REQUESTED)
    return slot
