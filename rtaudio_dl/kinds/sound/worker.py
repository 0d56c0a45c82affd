"""The inference thread: request in, latent drawn, model run, sound published.

It calls ONNX Runtime through its C API on memory that was bound beforehand, so it needs
no GIL; while it has nothing to do it waits on a semaphore of the operating system.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.allowance import begin_work, end_work
from rtaudio_dl.core.counters import (
    FAILED_RUNS,
    GAVE_WAY,
    LONGEST_RUN_NS,
    MUTED_SOUNDS,
    RUN_NS,
    RUNS,
)
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import (
    call2,
    call3,
    call8,
    floats_at,
    load_acquire,
    record_at,
    store_release,
    table_at,
)
from rtaudio_dl.core.random import mix, normal
from rtaudio_dl.core.ring import pop
from rtaudio_dl.dsp.resampler import PADDING
from rtaudio_dl.engine.layout import ENGINE, KEYS, READY
from rtaudio_dl.engine.schedule import now

LOUDEST = 4.0  # beyond it a model is broken, and would only hold the limiter down
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
def _set_inputs(engine, slot):
    binding = engine.bindings[slot.patch]
    latent = floats_at(binding.latent, binding.latent_size)
    seed = engine.patches[slot.patch].seed
    place = engine.keys[slot.patch, slot.key].latent
    draw_latent(latent, seed, place, slot.number, slot.morph, slot.variation)
    if binding.uniform:
        _to_uniform(latent)
    classes = binding.classes
    if classes > 0:
        table = table_at(binding.class_table, KEYS, classes)
        given = floats_at(binding.class_input, classes)
        for i in range(classes):
            given[i] = table[slot.key, i]
    if binding.pitch != 0:
        floats_at(binding.pitch, 1)[0] = slot.key
    if binding.velocity != 0:
        floats_at(binding.velocity, 1)[0] = slot.velocity


@rt_kernel
def run_model(binding, output_values):
    """The bare call of a patch's model into the sound at an address; whether it ran.

    ``output_values`` is the address of the sound's ``OrtValue*``. [worker]
    """
    status = call8(
        binding.run,
        binding.session,
        0,
        binding.input_names,
        binding.input_values,
        np.uintp(binding.inputs),
        binding.output_names,
        1,
        output_values,
    )
    if status != 0:
        call2(binding.release_status, status, 0)
    return status == 0


@rt_kernel
def _run(engine, index):
    slot = engine.slots[index]
    binding = engine.bindings[slot.patch]
    place = index - engine.patches[slot.patch].first_slot
    return run_model(binding, binding.output_values + np.uintp(8 * place))


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
def _serve_one(engine):
    index = engine.request[0]
    slot = engine.slots[index]
    counters = engine.worker_counters
    sound = floats_at(slot.address, slot.length + 2 * PADDING)
    allowance = engine.worker_allowance[0]
    began = now(engine.master[0], engine.worker_ticks)
    long = engine.bindings[slot.patch].long
    counters[GAVE_WAY] += begin_work(allowance, began, long)
    _set_inputs(engine, slot)
    if not _run(engine, index):
        counters[FAILED_RUNS] += 1
        sound[:] = 0.0
    elif not _is_sound(sound):
        counters[MUTED_SOUNDS] += 1
        sound[:] = 0.0
    _close(sound, slot.length, int(_CLOSING * engine.patches[slot.patch].rate))
    ended = now(engine.master[0], engine.worker_ticks)
    end_work(allowance, ended)
    took = ended - began
    counters[RUN_NS] += took
    counters[LONGEST_RUN_NS] = max(counters[LONGEST_RUN_NS], took)
    counters[RUNS] += 1
    store_release(engine.slot_life, index, READY)


@rt_kernel
def serve(engine):
    """Serve every request that waits; returns how many there were. [worker]"""
    served = 0
    while pop(engine.request_ring, engine.request_cursors, engine.request):
        _serve_one(engine)
        served += 1
    return served


@rt_kernel
def work(engine):
    """Serve for ever, until `Engine.stop` is set and the semaphore posted. [worker]"""
    master = engine.master[0]
    while load_acquire(engine.stop, 0) == 0:
        if pop(engine.request_ring, engine.request_cursors, engine.request):
            _serve_one(engine)
        else:
            # All that the three systems' waits need: handle, "for ever", nothing.
            call3(master.wait_address, master.semaphore, 0xFFFFFFFFFFFFFFFF, 0)


@rt_entry("vp")
def work_for_ever(engine):
    """`work` for a native thread. [worker]"""
    work(record_at(engine, ENGINE))
