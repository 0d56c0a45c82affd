"""Native code that times native code: no interpreter between two looks at the clock."""

from __future__ import annotations

from rtaudio_dl.core.clock import now
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import record_at, table_at, words_at
from rtaudio_dl.engine.layout import ENGINE, NONE, OUTPUTS
from rtaudio_dl.engine.nodes import call_node
from rtaudio_dl.engine.process import process_block
from rtaudio_dl.kinds.sound.memory import SHARED
from rtaudio_dl.kinds.sound.pool import free_if_unused, request, sound_of
from rtaudio_dl.kinds.sound.worker import run_bare, serve_sounds


@rt_entry("vppwpw")
def time_blocks(address, output, frames, times, count):
    """Process a block for each place of ``times`` (int64, ns) and fill it. [any]

    ``output`` is float32 (frames, 2).
    """
    engine, out = record_at(address, ENGINE), table_at(output, frames, OUTPUTS)
    durations = words_at(times, count)
    for i in range(durations.size):
        began = now(engine.master[0].clock[0], engine.ticks)
        process_block(engine, out)
        durations[i] = now(engine.master[0].clock[0], engine.ticks) - began


@rt_entry("vpwpwppw")
def time_streams(address, place, output, frames, audio_times, worker_times, count):
    """Process blocks, each followed by the hops that a node asked for. [any]

    Fills both times (int64, ns); ``output`` is as above.
    """
    engine, out = record_at(address, ENGINE), table_at(output, frames, OUTPUTS)
    audio, worker = words_at(audio_times, count), words_at(worker_times, count)
    for i in range(audio.size):
        began = now(engine.master[0].clock[0], engine.ticks)
        process_block(engine, out)
        asked = now(engine.master[0].clock[0], engine.ticks)
        call_node(engine, engine.nodes[place].serve, place)
        audio[i] = asked - began
        worker[i] = now(engine.master[0].clock[0], engine.ticks) - asked


@rt_kernel
def _time_served(engine, place, key, number):
    sound = sound_of(engine, place)
    shared = record_at(sound.shared, SHARED)
    clock, ticks = engine.master[0].clock[0], shared.worker[0].ticks
    slot = request(engine, place, key, number, 1.0)
    if slot == NONE:
        return -1
    began = now(clock, ticks)
    serve_sounds(engine, shared)
    took = now(clock, ticks) - began
    free_if_unused(sound, slot)
    return took


@rt_kernel
def _time_bare(engine, place):
    sound = sound_of(engine, place)
    clock = engine.master[0].clock[0]
    ticks = record_at(sound.shared, SHARED).worker[0].ticks
    began = now(clock, ticks)
    if not run_bare(sound, 0):
        return -1
    return now(clock, ticks) - began


@rt_entry("vpwwppw")
def time_runs(address, place, key, served_times, bare_times, count):
    """Make sounds by turns as the worker does and by the bare call. [any]

    Fills both times (int64, ns; -1: the run failed): the same
    model, the same memory, the same state of the machine. Which of the two goes first
    changes, and a run before them all warms the caches for both.
    """
    engine = record_at(address, ENGINE)
    served, bare = words_at(served_times, count), words_at(bare_times, count)
    run_bare(sound_of(engine, place), 0)
    for i in range(served.size):
        if i & 1:
            bare[i] = _time_bare(engine, place)
        served[i] = _time_served(engine, place, key, i)
        if not i & 1:
            bare[i] = _time_bare(engine, place)
