"""The sounds of each key: requested ahead, taken at the strike, freed when unused.

A patch owns a range of slots. The audio thread alone moves them, except that the worker
turns REQUESTED into READY: so no lock, and no sound is ever freed while it sounds.
"""

from __future__ import annotations

from rtaudio_dl.core.counters import REPEATS, REQUESTS
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import call3, load_acquire, store_release
from rtaudio_dl.core.ring import push
from rtaudio_dl.core.words import change_word
from rtaudio_dl.engine.layout import (
    ACTIVE,
    DEPTH,
    FREE,
    FRESH,
    FROZEN,
    GONE,
    KEYS,
    MORPH,
    NONE,
    PATCHES,
    POOLED,
    READY,
    REQUESTED,
    RETIRING,
    SLOTS,
    VARIATION,
)
from rtaudio_dl.kinds.stream.lanes import lanes_rest

KEYS_PER_SWEEP = 8
_SLOTS_PER_SWEEP = 128
_STALE = 1.0 / 256  # of the morph's way: finer than one step of a MIDI control


@rt_kernel
def is_ready(engine, slot):
    """Whether a slot's sound is complete. [audio]"""
    return load_acquire(engine.slot_life, slot) == READY


@rt_kernel
def request(engine, patch_index, key_index, number, velocity):
    """Ask the worker for the ``number``-th sound of a key; its slot or NONE. [audio]

    It is told with `wake_inference`.
    """
    patch = engine.patches[patch_index]
    if patch.free == 0:
        return NONE
    index = engine.free[patch.first_slot + patch.free - 1]
    slot = engine.slots[index]
    slot.key = key_index
    slot.number = number
    slot.velocity = velocity
    slot.users = 0
    slot.queued = 0
    slot.morph = engine.parameters[patch_index, MORPH]
    slot.variation = engine.parameters[patch_index, VARIATION]
    # The push publishes the slot with it; only the worker writes it from here on.
    store_release(engine.slot_life, index, REQUESTED)
    if not push(engine.request_ring, engine.request_cursors, index):
        store_release(engine.slot_life, index, FREE)
        return NONE
    patch.free -= 1
    engine.counters[REQUESTS] += 1
    engine.master[0].requested = 1
    return index


@rt_kernel
def wake_inference(engine):
    """Tell the inference thread what was requested, once for all of it. [audio]"""
    master = engine.master[0]
    if master.requested:
        master.requested = 0
        if master.post_address != 0:
            call3(master.post_address, master.semaphore, 1, 0)


@rt_kernel
def free_if_unused(engine, index):
    """Give a slot back when no voice, no key and no request holds it. [audio]"""
    slot = engine.slots[index]
    if slot.users > 0 or slot.queued or not is_ready(engine, index):
        return
    store_release(engine.slot_life, index, FREE)
    patch = engine.patches[slot.patch]
    engine.free[patch.first_slot + patch.free] = index
    patch.free += 1


@rt_kernel
def release(engine, index):
    """One user less. [audio]"""
    if index != NONE:
        engine.slots[index].users -= 1
        free_if_unused(engine, index)


@rt_kernel
def _enqueue(engine, patch_index, key_index, place):
    key = engine.keys[patch_index, key_index]
    slot = request(engine, patch_index, key_index, key.next, 1.0)
    if slot != NONE:
        engine.slots[slot].queued = 1
        engine.queues[patch_index, key_index, place] = slot
        key.next += 1
    return slot != NONE


@rt_kernel
def fill(engine, patch_index, key_index):
    """Request what a key's queue lacks. [audio]"""
    for place in range(engine.patches[patch_index].depth):
        if engine.queues[patch_index, key_index, place] == NONE and not _enqueue(
            engine, patch_index, key_index, place
        ):
            return


@rt_kernel
def _take_next(engine, patch_index, key_index):
    last = engine.patches[patch_index].depth - 1
    queue = engine.queues[patch_index, key_index]
    slot = queue[0]
    for place in range(last):
        queue[place] = queue[place + 1]
    queue[last] = NONE
    if slot != NONE:
        engine.slots[slot].queued = 0
    return slot


@rt_kernel
def _pooled(engine, patch_index, key_index):
    key = engine.keys[patch_index, key_index]
    ahead = engine.queues[patch_index, key_index, 0]
    if (ahead == NONE or not is_ready(engine, ahead)) and key.last != NONE:
        engine.counters[REPEATS] += 1
        return key.last
    slot = _take_next(engine, patch_index, key_index)
    if slot == NONE:
        slot = request(engine, patch_index, key_index, key.next, 1.0)
        key.next += slot != NONE
    if slot != NONE:
        engine.slots[slot].users += 1
        release(engine, key.last)
        key.last = slot
        fill(engine, patch_index, key_index)
    return slot


@rt_kernel
def take(engine, patch_index, key_index, velocity):
    """The slot for a strike, one user more; NONE without memory. [audio]

    Its sound may not be ready yet.
    """
    patch, key = engine.patches[patch_index], engine.keys[patch_index, key_index]
    if patch.freshness == POOLED:
        slot = _pooled(engine, patch_index, key_index)
    elif patch.freshness == FROZEN:
        fill(engine, patch_index, key_index)
        slot = engine.queues[patch_index, key_index, 0]
    else:
        slot = request(engine, patch_index, key_index, key.next, velocity)
        key.next += slot != NONE
    if slot != NONE:
        engine.slots[slot].users += 1
    return slot


@rt_kernel
def _is_stale(engine, index):
    slot = engine.slots[index]
    morph = engine.parameters[slot.patch, MORPH]
    variation = engine.parameters[slot.patch, VARIATION]
    return (
        abs(slot.morph - morph) >= _STALE or abs(slot.variation - variation) >= _STALE
    )


@rt_kernel
def _replace(engine, patch_index, key_index):
    # The fresher sound goes where its number waits, or away if that was struck since.
    patch, key = engine.patches[patch_index], engine.keys[patch_index, key_index]
    incoming = key.incoming
    key.incoming = NONE
    engine.slots[incoming].queued = 0
    for place in range(patch.depth):
        old = engine.queues[patch_index, key_index, place]
        if old != NONE and (engine.slots[old].number == engine.slots[incoming].number):
            engine.slots[incoming].queued = 1
            engine.slots[old].queued = 0
            engine.queues[patch_index, key_index, place] = incoming
            free_if_unused(engine, old)
            return
    free_if_unused(engine, incoming)


@rt_kernel
def _refresh(engine, patch_index, key_index):
    patch, key = engine.patches[patch_index], engine.keys[patch_index, key_index]
    if key.incoming != NONE:
        if is_ready(engine, key.incoming):
            _replace(engine, patch_index, key_index)
        return
    for place in range(patch.depth):
        slot = engine.queues[patch_index, key_index, place]
        if slot != NONE and is_ready(engine, slot) and _is_stale(engine, slot):
            number = engine.slots[slot].number
            key.incoming = request(engine, patch_index, key_index, number, 1.0)
            if key.incoming != NONE:
                engine.slots[key.incoming].queued = 1
            return


@rt_kernel
def _let_go(engine, patch_index, key_index):
    key = engine.keys[patch_index, key_index]
    for place in range(DEPTH):
        slot = engine.queues[patch_index, key_index, place]
        if slot != NONE:
            engine.slots[slot].queued = 0
            engine.queues[patch_index, key_index, place] = NONE
            free_if_unused(engine, slot)
    if key.incoming != NONE:
        engine.slots[key.incoming].queued = 0
        free_if_unused(engine, key.incoming)
        key.incoming = NONE
    if key.last != NONE:
        last = key.last
        key.last = NONE
        release(engine, last)


@rt_kernel
def _sweep_key(engine, patch_index, key_index):
    patch, key = engine.patches[patch_index], engine.keys[patch_index, key_index]
    life = load_acquire(engine.patch_life, patch_index)
    if life == RETIRING:
        _let_go(engine, patch_index, key_index)
    elif life == ACTIVE and key.mapped and patch.freshness != FRESH:
        fill(engine, patch_index, key_index)
        _refresh(engine, patch_index, key_index)


@rt_kernel
def sweep(engine):
    """A little housekeeping, once a block: fill, refresh, free. [audio]

    Bounded work: what it does not reach now it reaches in one of the next blocks.
    """
    master = engine.master[0]
    done = 0
    while done < KEYS_PER_SWEEP:
        patch_index, key_index = master.sweep // KEYS, master.sweep % KEYS
        life = load_acquire(engine.patch_life, patch_index)
        idle = life != ACTIVE and life != RETIRING
        if not idle:
            _sweep_key(engine, patch_index, key_index)
        done += 1
        # A place with no patch is passed in one step.
        step = KEYS - key_index if idle else 1
        master.sweep = (master.sweep + step) % (PATCHES * KEYS)
    for _ in range(_SLOTS_PER_SWEEP):
        if load_acquire(engine.slot_life, master.sweep_slot) != FREE:
            free_if_unused(engine, master.sweep_slot)
        master.sweep_slot = (master.sweep_slot + 1) % SLOTS
    for patch_index in range(PATCHES):
        patch = engine.patches[patch_index]
        # What any thread did with its memory is done: see `is_ready` and `lanes_rest`.
        if patch.free == patch.slots and lanes_rest(engine, patch_index):
            change_word(engine.patch_life, patch_index, RETIRING, GONE)


@rt_kernel
def unready(engine, patch_index):
    """How many sounds a patch's queues still lack: 0 when it can be played. [any]"""
    patch = engine.patches[patch_index]
    if patch.freshness == FRESH:
        return 0
    lacking = 0
    for key_index in range(KEYS):
        key = engine.keys[patch_index, key_index]
        if key.mapped:
            for place in range(patch.depth):
                slot = engine.queues[patch_index, key_index, place]
                lacking += slot == NONE or not is_ready(engine, slot)
    return lacking
