"""Native code that times native code: no interpreter between two looks at the clock."""

from __future__ import annotations

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.engine.layout import NONE
from rtaudio_dl.engine.process import process_block
from rtaudio_dl.engine.schedule import now
from rtaudio_dl.kinds.sound.pool import free_if_unused, request
from rtaudio_dl.kinds.sound.worker import run_model, serve
from rtaudio_dl.kinds.stream.worker import serve_streams


@rt_kernel
def time_blocks(engine, out, durations):
    """Process a block for each place of ``durations`` (int64, ns) and fill it. [any]

    ``out`` is float32 (frames, 2).
    """
    for i in range(durations.size):
        began = now(engine, engine.ticks)
        process_block(engine, out)
        durations[i] = now(engine, engine.ticks) - began


@rt_kernel
def time_streams(engine, out, audio, worker):
    """Process blocks, each followed by the hops that it asked for. [any]

    Fills ``audio`` and ``worker`` (int64, ns, of one size); ``out`` is as above.
    """
    for i in range(audio.size):
        began = now(engine, engine.ticks)
        process_block(engine, out)
        asked = now(engine, engine.ticks)
        serve_streams(engine)
        audio[i] = asked - began
        worker[i] = now(engine, engine.ticks) - asked


@rt_kernel
def run_bare(engine, place):
    """The bare call of a patch's model, into its first slot; False if it ran. [any]"""
    binding = engine.bindings[place]
    return not run_model(binding, binding.output_values)


@rt_kernel
def _time_served(engine, place, key, number):
    slot = request(engine, place, key, number, 1.0)
    if slot == NONE:
        return -1
    began = now(engine, engine.worker_ticks)
    serve(engine)
    took = now(engine, engine.worker_ticks) - began
    free_if_unused(engine, slot)
    return took


@rt_kernel
def _time_bare(engine, place):
    began = now(engine, engine.worker_ticks)
    if run_bare(engine, place):
        return -1
    return now(engine, engine.worker_ticks) - began


@rt_kernel
def time_runs(engine, place, key, served, bare):
    """Make sounds by turns as the worker does and by the bare call. [any]

    Fills ``served`` and ``bare`` (int64, ns, of one size; -1: the run failed): the same
    model, the same memory, the same state of the machine. Which of the two goes first
    changes, and a run before them all warms the caches for both.
    """
    run_bare(engine, place)
    for i in range(served.size):
        if i & 1:
            bare[i] = _time_bare(engine, place)
        served[i] = _time_served(engine, place, key, i)
        if not i & 1:
            bare[i] = _time_bare(engine, place)
