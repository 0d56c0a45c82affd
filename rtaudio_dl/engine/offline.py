"""The engine without a device: the same kernels, on the caller's thread."""

from __future__ import annotations

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import record_at, store_release, table_at
from rtaudio_dl.engine.layout import ENGINE, KEYS, NONE, OUTPUTS, PATCHES, REQUESTED
from rtaudio_dl.engine.process import apply_due, process
from rtaudio_dl.engine.schedule import collect
from rtaudio_dl.kinds.sound.pool import (
    KEYS_PER_SWEEP,
    free_if_unused,
    request,
    sweep,
    unready,
)
from rtaudio_dl.kinds.sound.worker import serve

_ROUND = KEYS * PATCHES // KEYS_PER_SWEEP  # sweeps that reach every key


@rt_kernel
def render_blocks(engine, out, block):
    """Fill ``out``, float32 (frames, 2), block by block. [control]

    Requests are served between blocks, so a sound is always ready by the next one, and
    a stream's hops as soon as they are asked for: the same events give the same bytes.
    """
    done = 0
    while done < out.shape[0]:
        process(engine, out[done : done + block], True)
        serve(engine)
        done += block


@rt_kernel
def apply_now(engine):
    """Apply the events that are due, between two blocks. [control]"""
    collect(engine)
    apply_due(engine)


@rt_kernel
def prepare_sound(engine, patch, key, number, morph, variation, velocity, ready):
    """Make a certain sound the next one of a key; its slot, or NONE. [control]

    The patch must be frozen. With ``ready`` false a note will wait for it, until its
    slot is made READY.
    """
    old = engine.queues[patch, key, 0]
    engine.queues[patch, key, 0] = NONE
    if old != NONE:
        engine.slots[old].queued = 0
        free_if_unused(engine, old)
    slot = request(engine, patch, key, number, velocity)
    if slot != NONE:
        engine.slots[slot].morph = morph
        engine.slots[slot].variation = variation
        engine.slots[slot].queued = 1
        engine.queues[patch, key, 0] = slot
        serve(engine)
        if not ready:
            store_release(engine.slot_life, slot, REQUESTED)
    return slot


@rt_kernel
def settle(engine, patch):
    """Apply the events that are due and fill a patch's pool, in no time. [control]

    Returns how many sounds are still lacking (0, unless memory is short).
    """
    lacking, before = -1, -2
    while lacking != 0 and lacking != before:
        before = lacking
        apply_now(engine)
        for _ in range(_ROUND):
            sweep(engine)
        serve(engine)
        lacking = unready(engine, patch)
    return lacking


@rt_entry("vppww")
def render(engine, out, frames, block):
    """`render_blocks` for Python. [control]"""
    render_blocks(record_at(engine, ENGINE), table_at(out, frames, OUTPUTS), block)


@rt_entry("vp")
def apply_events(engine):
    """`apply_now` for Python. [control]"""
    apply_now(record_at(engine, ENGINE))


@rt_entry("wpwwwdddi")
def prepare(engine, patch, key, number, morph, variation, velocity, ready):
    """`prepare_sound` for Python. [control]"""
    return prepare_sound(
        record_at(engine, ENGINE),
        patch,
        key,
        number,
        morph,
        variation,
        velocity,
        ready != 0,
    )


@rt_entry("wpw")
def fill_pool(engine, patch):
    """`settle` for Python. [control]"""
    return settle(record_at(engine, ENGINE), patch)


@rt_entry("wpw")
def lacking(engine, patch):
    """`unready` for Python. [any]"""
    return unready(record_at(engine, ENGINE), patch)
