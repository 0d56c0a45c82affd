"""The sounds of each key: requested ahead, taken at the strike, freed when unused.

The audio thread alone moves a node's slots, except that the worker turns REQUESTED into
READY: so no lock, and no sound is ever freed while it sounds.
"""

from __future__ import annotations

from rtaudio_dl.core.counters import BLOCKS, LATE_NOTES, REPEATS, REQUESTS
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import load_acquire, record_at, store_release
from rtaudio_dl.core.ring import push
from rtaudio_dl.core.worker import pause, wake
from rtaudio_dl.engine.layout import ACTIVE, KEYS, NONE, RETIRING
from rtaudio_dl.engine.parameters import MORPH, VARIATION
from rtaudio_dl.engine.records import THREADED
from rtaudio_dl.kinds.sound.memory import (
    DEPTH,
    FREE,
    FRESH,
    FROZEN,
    POOLED,
    READY,
    REQUESTED,
    SHARED,
    SLOTS,
    SOUND,
)

KEYS_PER_SWEEP = 8
_SLOTS_PER_SWEEP = 32
_STALE = 1.0 / 256  # of the morph's way: finer than one step of a MIDI control


@rt_kernel
def sound_of(engine, node):
    """A node's memory. [any]"""
    return record_at(engine.nodes[node].state, SOUND)


@rt_kernel
def is_ready(sound, slot):
    """Whether a slot's sound is complete. [audio]"""
    return load_acquire(sound.slot_life, slot) == READY


@rt_kernel
def comes(engine, sound, slot):
    """Whether a slot's sound is there in this block. [audio]

    Offline what was asked for in a block before is: it is waited for.
    """
    if is_ready(sound, slot):
        return True
    asked_now = sound.slots[slot].block == engine.counters[BLOCKS]
    if engine.master[0].alone != THREADED or asked_now:
        return False
    worker = record_at(sound.shared, SHARED).worker[0]
    wake(worker)
    while not is_ready(sound, slot):
        pause(worker)
    return True


@rt_kernel
def request(engine, node, key_index, number, velocity):
    """Ask the worker for the ``number``-th sound of a key; its slot or NONE. [audio]

    It is told once a segment, by `wake`.
    """
    sound = sound_of(engine, node)
    if sound.free_count == 0:
        return NONE
    index = sound.free[sound.free_count - 1]
    slot = sound.slots[index]
    slot.key = key_index
    slot.number = number
    slot.block = engine.counters[BLOCKS]
    slot.velocity = velocity
    slot.users = 0
    slot.queued = 0
    slot.morph = engine.parameters[node, MORPH]
    slot.variation = engine.parameters[node, VARIATION]
    # The push publishes the slot with it; only the worker writes it from here on.
    store_release(sound.slot_life, index, REQUESTED)
    shared = record_at(sound.shared, SHARED)
    if not push(shared.request_ring, shared.request_cursors, node * SLOTS + index):
        store_release(sound.slot_life, index, FREE)
        return NONE
    sound.free_count -= 1
    engine.counters[REQUESTS] += 1
    shared.worker[0].wanted = 1
    return index


@rt_kernel
def free_if_unused(sound, index):
    """Give a slot back when no voice, no key and no request holds it. [audio]"""
    slot = sound.slots[index]
    if slot.users > 0 or slot.queued or not is_ready(sound, index):
        return
    store_release(sound.slot_life, index, FREE)
    sound.free[sound.free_count] = index
    sound.free_count += 1


@rt_kernel
def release(sound, index):
    """One user less. [audio]"""
    if index != NONE:
        sound.slots[index].users -= 1
        free_if_unused(sound, index)


@rt_kernel
def _enqueue(engine, node, key_index, place):
    sound, key = sound_of(engine, node), engine.keys[node, key_index]
    slot = request(engine, node, key_index, key.next, 1.0)
    if slot != NONE:
        sound.slots[slot].queued = 1
        sound.queues[key_index, place] = slot
        key.next += 1
    return slot != NONE


@rt_kernel
def fill(engine, node, key_index):
    """Request what a key's queue lacks. [audio]"""
    sound = sound_of(engine, node)
    for place in range(sound.depth):
        if sound.queues[key_index, place] == NONE and not _enqueue(
            engine, node, key_index, place
        ):
            return


@rt_kernel
def _take_next(sound, key_index):
    last = sound.depth - 1
    queue = sound.queues[key_index]
    slot = queue[0]
    for place in range(last):
        queue[place] = queue[place + 1]
    queue[last] = NONE
    if slot != NONE:
        sound.slots[slot].queued = 0
    return slot


@rt_kernel
def _pooled(engine, node, key_index):
    sound = sound_of(engine, node)
    key, own = engine.keys[node, key_index], sound.keys[key_index]
    ahead = sound.queues[key_index, 0]
    if own.last != NONE and (ahead == NONE or not comes(engine, sound, ahead)):
        engine.counters[REPEATS] += 1
        return own.last
    slot = _take_next(sound, key_index)
    if slot == NONE:
        slot = request(engine, node, key_index, key.next, 1.0)
        key.next += slot != NONE
    if slot != NONE:
        sound.slots[slot].users += 1
        release(sound, own.last)
        own.last = slot
        fill(engine, node, key_index)
    return slot


@rt_kernel
def take_sound(engine, node, key_index, velocity):
    """The slot for a strike, one user more; NONE without memory. [audio]

    Its sound may not be ready yet.
    """
    sound, key = sound_of(engine, node), engine.keys[node, key_index]
    if sound.freshness == POOLED:
        slot = _pooled(engine, node, key_index)
    elif sound.freshness == FROZEN:
        fill(engine, node, key_index)
        slot = sound.queues[key_index, 0]
    else:
        slot = request(engine, node, key_index, key.next, velocity)
        key.next += slot != NONE
    if slot != NONE:
        sound.slots[slot].users += 1
        engine.counters[LATE_NOTES] += not comes(engine, sound, slot)
    return slot


@rt_kernel
def _is_stale(engine, node, index):
    slot = sound_of(engine, node).slots[index]
    morph = engine.parameters[node, MORPH]
    variation = engine.parameters[node, VARIATION]
    return (
        abs(slot.morph - morph) >= _STALE or abs(slot.variation - variation) >= _STALE
    )


@rt_kernel
def _replace(sound, key_index):
    # The fresher sound goes where its number waits, or away if that was struck since.
    key = sound.keys[key_index]
    incoming = key.incoming
    key.incoming = NONE
    sound.slots[incoming].queued = 0
    for place in range(sound.depth):
        old = sound.queues[key_index, place]
        if old != NONE and sound.slots[old].number == sound.slots[incoming].number:
            sound.slots[incoming].queued = 1
            sound.slots[old].queued = 0
            sound.queues[key_index, place] = incoming
            free_if_unused(sound, old)
            return
    free_if_unused(sound, incoming)


@rt_kernel
def _refresh(engine, node, key_index):
    sound = sound_of(engine, node)
    key = sound.keys[key_index]
    if key.incoming != NONE:
        if comes(engine, sound, key.incoming):
            _replace(sound, key_index)
        return
    for place in range(sound.depth):
        slot = sound.queues[key_index, place]
        if slot == NONE or not _is_stale(engine, node, slot):
            continue
        if comes(engine, sound, slot):
            number = sound.slots[slot].number
            key.incoming = request(engine, node, key_index, number, 1.0)
            if key.incoming != NONE:
                sound.slots[key.incoming].queued = 1
            return


@rt_kernel
def _let_go(sound, key_index):
    key = sound.keys[key_index]
    for place in range(DEPTH):
        slot = sound.queues[key_index, place]
        if slot != NONE:
            sound.slots[slot].queued = 0
            sound.queues[key_index, place] = NONE
            free_if_unused(sound, slot)
    if key.incoming != NONE:
        sound.slots[key.incoming].queued = 0
        free_if_unused(sound, key.incoming)
        key.incoming = NONE
    if key.last != NONE:
        last = key.last
        key.last = NONE
        release(sound, last)


@rt_kernel
def _sweep_key(engine, node, key_index, life):
    sound = sound_of(engine, node)
    if life == RETIRING:
        _let_go(sound, key_index)
    elif life == ACTIVE and engine.keys[node, key_index].mapped:
        if sound.freshness != FRESH:
            fill(engine, node, key_index)
            _refresh(engine, node, key_index)


@rt_kernel
def sweep_sounds(engine, node):
    """A little housekeeping, once a block: fill, refresh, free. [audio]

    Bounded work: what it does not reach now it reaches in one of the next blocks.
    Returns whether nothing of the node is in use.
    """
    sound = sound_of(engine, node)
    life = load_acquire(engine.node_life, node)
    for _ in range(KEYS_PER_SWEEP):
        _sweep_key(engine, node, sound.sweep_key, life)
        sound.sweep_key = (sound.sweep_key + 1) % KEYS
    for _ in range(min(_SLOTS_PER_SWEEP, sound.slot_count)):
        if load_acquire(sound.slot_life, sound.sweep_slot) != FREE:
            free_if_unused(sound, sound.sweep_slot)
        sound.sweep_slot = (sound.sweep_slot + 1) % sound.slot_count
    return sound.free_count == sound.slot_count


@rt_kernel
def unready(engine, node):
    """How many sounds a node's queues still lack: 0 when it can be played. [any]"""
    sound = sound_of(engine, node)
    if sound.freshness == FRESH:
        return 0
    lacking = 0
    for key_index in range(KEYS):
        if engine.keys[node, key_index].mapped:
            for place in range(sound.depth):
                slot = sound.queues[key_index, place]
                lacking += slot == NONE or not is_ready(sound, slot)
    return lacking
