"""The inference thread: request in, latent drawn, model run, sound published.

It calls ONNX Runtime through its C API on memory that was bound beforehand, so it needs
no GIL; while it has nothing to do it waits on a semaphore of the operating system.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.counters import WORKER_FAILED_RUNS, WORKER_MADE, WORKER_MUTED
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import (
    floats_at,
    load_acquire,
    store_release,
    table_at,
)
from rtaudio_dl.core.random import mix, normal
from rtaudio_dl.core.ring import WRITE, pop
from rtaudio_dl.core.run import run_with
from rtaudio_dl.core.worker import (
    await_done,
    begin_job,
    end_job,
    goes_on,
    is_threaded,
    sleep,
    tell_done,
)
from rtaudio_dl.dsp.resampler import PADDING
from rtaudio_dl.engine.layout import KEYS
from rtaudio_dl.engine.records import LOUDEST
from rtaudio_dl.kinds.sound.memory import READY, SLOTS
from rtaudio_dl.kinds.sound.pool import sound_of

_CLOSING = 0.005  # s, of the fade at the end: models are trained on sounds cut short
_FAR = 1 << 32  # keeps the streams of base, morph and wander apart


@rt_kernel
def draw_latent(latent, seed, place, number, morph, variation):
    """Fill ``latent`` (float32, N(0, 1)) for one strike of a key. [worker]

    ``place`` is the key's own point of the space, ``number`` counts its strikes.
    ``morph`` 0..1 turns the key's own latent into another one along a quarter circle,
    ``variation`` 0..1 turns that towards a new one per strike: the variance stays 1, so
    the model always sees what it was trained on.
    """
    # Seed and place are hashed one by one: seed 1 must not give key 36 the sound that
    # seed 0 gives key 37.
    own = mix(mix(seed, 0), place)
    other = mix(own, _FAR)
    strike = mix(own, _FAR + 1 + number)
    here, there = math.cos(morph * math.pi / 2), math.sin(morph * math.pi / 2)
    stay, wander = math.cos(variation * math.pi / 2), math.sin(variation * math.pi / 2)
    for i in range(latent.size):
        base = here * normal(own, i) + there * normal(other, i)
        latent[i] = stay * base + wander * normal(strike, i)


@rt_kernel
def _to_uniform(latent):
    # Through the normal distribution's own function: N(0, 1) becomes U(-1, 1).
    for i in range(latent.size):
        latent[i] = math.erf(latent[i] / math.sqrt(2.0))


@rt_kernel
def _set_inputs(sound, slot):
    latent = floats_at(sound.latent, sound.latent_size)
    place = sound.keys[slot.key].latent
    draw_latent(latent, sound.seed, place, slot.number, slot.morph, slot.variation)
    if sound.uniform:
        _to_uniform(latent)
    classes = sound.class_count
    if classes > 0:
        table = table_at(sound.class_table, KEYS, classes)
        given = floats_at(sound.class_input, classes)
        for i in range(classes):
            given[i] = table[slot.key, i]
    if sound.pitch != 0:
        floats_at(sound.pitch, 1)[0] = slot.key
    if sound.velocity != 0:
        floats_at(sound.velocity, 1)[0] = slot.velocity


@rt_kernel
def run_bare(sound, index):
    """The bare call of a node's model into a slot's sound; whether it ran. [worker]"""
    model = sound.model[0]
    output = sound.sounds + np.uintp(8 * index)
    return run_with(model, model.input_values, output)


@rt_kernel
def _is_sound(sound):
    for value in sound:
        if not abs(value) <= LOUDEST:  # NaN compares false
            return False
    return True


@rt_kernel
def _close(sound, length, frames):
    # A sound that stops in mid-air clicks.
    count = min(frames, length // 4)
    for i in range(count):
        sound[PADDING + length - 1 - i] *= (i + 0.5) / count


@rt_kernel
def _serve_one(engine, shared):
    node, index = shared.request[0] // SLOTS, shared.request[0] % SLOTS
    worker, sound = shared.worker[0], sound_of(engine, node)
    slot, counters = sound.slots[index], worker.counters
    made = floats_at(slot.address, slot.length + 2 * PADDING)
    begin_job(worker, sound.long)
    _set_inputs(sound, slot)
    if not run_bare(sound, index):
        counters[WORKER_FAILED_RUNS] += 1
        made[:] = 0.0
    elif not _is_sound(made):
        counters[WORKER_MUTED] += 1
        made[:] = 0.0
    _close(made, slot.length, int(_CLOSING * sound.rate))
    counters[WORKER_MADE] += 1
    end_job(worker)
    store_release(sound.slot_life, index, READY)
    tell_done(worker, 1)


@rt_kernel
def serve_sounds(engine, shared):
    """Serve every request that waits; returns how many there were. [worker]"""
    served = 0
    while pop(shared.request_ring, shared.request_cursors, shared.request):
        _serve_one(engine, shared)
        served += 1
    return served


@rt_kernel
def await_sounds(engine, shared):
    """Have every request that waits served, by the thread or here. [control]"""
    worker = shared.worker[0]
    if not is_threaded(worker):
        return serve_sounds(engine, shared)
    await_done(worker, load_acquire(shared.request_cursors, WRITE))
    return 0


@rt_kernel
def work_sounds(engine, shared):
    """Serve for ever, until the worker is stopped and woken. [worker]"""
    worker = shared.worker[0]
    while goes_on(worker):
        if pop(shared.request_ring, shared.request_cursors, shared.request):
            _serve_one(engine, shared)
        else:
            sleep(worker)
