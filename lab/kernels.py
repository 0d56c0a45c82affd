"""Native code that times native code: no interpreter between two looks at the clock."""

from __future__ import annotations

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import record_at, table_at, words_at
from rtaudio_dl.engine.layout import ENGINE, NONE, OUTPUTS
from rtaudio_dl.engine.process import process_block
from rtaudio_dl.engine.schedule import now
from rtaudio_dl.kinds.sound.pool import free_if_unused, request
from rtaudio_dl.kinds.sound.worker import run_model, serve
from rtaudio_dl.kinds.stream.worker import serve_streams


@rt_entry("vppwpw")
def time_blocks(address, output, frames, times, count):
    """Process a block for each place of ``times`` (int64, ns) and fill it. [any]

    ``output`` is float32 (frames, 2).
    """
    engine, out = record_at(address, ENGINE), table_at(output, frames, OUTPUTS)
    durations = words_at(times, count)
    for i in range(durations.size):
        began = now(engine.master[0], engine.ticks)
        process_block(engine, out)
        durations[i] = now(engine.master[0], engine.ticks) - began


@rt_entry("vppwppw")
def time_streams(address, output, frames, audio_times, worker_times, count):
    """Process blocks, each followed by the hops that it asked for. [any]

    Fills both times (int64, ns); ``output`` is as above.
    """
    engine, out = record_at(address, ENGINE), table_at(output, frames, OUTPUTS)
    audio, worker = words_at(audio_times, count), words_at(worker_times, count)
    for i in range(audio.size):
        began = now(engine.master[0], engine.ticks)
        process_block(engine, out)
        asked = now(engine.master[0], engine.ticks)
        serve_streams(engine)
        audio[i] = asked - began
        worker[i] = now(engine.master[0], engine.ticks) - asked


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
    began = now(engine.master[0], engine.worker_ticks)
    serve(engine)
    took = now(engine.master[0], engine.worker_ticks) - began
    free_if_unused(engine, slot)
    return took


@rt_kernel
def _time_bare(engine, place):
    began = now(engine.master[0], engine.worker_ticks)
    if run_bare(engine, place):
        return -1
    return now(engine.master[0], engine.worker_ticks) - began


@rt_entry("vpwwppw")
def time_runs(address, place, key, served_times, bare_times, count):
    """Make sounds by turns as the worker does and by the bare call. [any]

    Fills both times (int64, ns; -1: the run failed): the same
    model, the same memory, the same state of the machine. Which of the two goes first
    changes, and a run before them all warms the caches for both.
    """
    engine = record_at(address, ENGINE)
    served, bare = words_at(served_times, count), words_at(bare_times, count)
    run_bare(engine, place)
    for i in range(served.size):
        if i & 1:
            bare[i] = _time_bare(engine, place)
        served[i] = _time_served(engine, place, key, i)
        if not i & 1:
            bare[i] = _time_bare(engine, place)
