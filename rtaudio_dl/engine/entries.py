"""The engine as drivers and Python call it: one block for a device, many for a file."""

from __future__ import annotations

import sys

import numpy as np

from rtaudio_dl.core.clock import now, spent
from rtaudio_dl.core.counters import (
    BUSY_NS,
    CALLBACKS,
    LONGEST_NS,
    OVERRUNS,
    PREEMPTED,
    UNDERRUNS,
)
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import record_at, table_at
from rtaudio_dl.core.switch import look
from rtaudio_dl.engine import process
from rtaudio_dl.engine.input import ANALYSED, HEARD, take_input
from rtaudio_dl.engine.layout import ENGINE, KEYS, NODES, OUTPUTS
from rtaudio_dl.engine.midi import take_midi
from rtaudio_dl.engine.nodes import call_node, is_alive
from rtaudio_dl.engine.records import ALONE, THREADED
from rtaudio_dl.engine.schedule import collect, follow_clock

_OUTPUT_UNDERFLOW = 4  # paOutputUnderflow
# unsigned long has 32 bits on Windows alone.
_LONG = "u" if sys.platform == "win32" else "p"


@rt_entry("vppw")
def process_block(engine, out, frames):
    """Fill ``out``, float32 (frames, 2), with the next frames. [audio]"""
    whole = record_at(engine, ENGINE)
    process.process_block(whole, table_at(out, frames, OUTPUTS))


@rt_kernel
def _play_live(engine, heard, analysed, out, underrun):
    """Process a block for a device, and keep count of how it went. [audio]

    ``heard`` is the input of the same frames, float32 (frames, channels), or empty;
    ``analysed`` says that the analysis thread gets it, too.
    """
    clock, counters = engine.master[0].clock[0], engine.counters
    began = now(clock, engine.ticks)
    computed = spent(clock, engine.ticks)
    follow_clock(engine, began)
    if heard.shape[0] > 0:
        take_input(engine, heard, analysed)
    counters[CALLBACKS] += 1
    counters[UNDERRUNS] += underrun
    process.process_block(engine, out)
    computed = spent(clock, engine.ticks) - computed
    took = now(clock, engine.ticks) - began
    lasts = out.shape[0] * 1e9 / engine.master[0].sample_rate
    counters[BUSY_NS] += took
    counters[LONGEST_NS] = max(counters[LONGEST_NS], took)
    # Whose fault it was if the block came too late: ours, or the system's.
    counters[OVERRUNS] += computed > lasts
    counters[PREEMPTED] += took > lasts and computed <= lasts


# const void *input, void *output: interleaved float32, or null; unsigned long frames,
# const PaStreamCallbackTimeInfo *, PaStreamCallbackFlags, void *user: an `Engine`.
@rt_entry(f"ipp{_LONG}p{_LONG}p")
def audio_callback(input, output, frames, _time, flags, user):
    """PaStreamCallback: 0 tells PortAudio to go on. [audio]"""
    engine = record_at(user, ENGINE)
    inputs = engine.inputs[0]
    said = look(inputs.input_switch)
    listens = input != 0 and said & HEARD != 0
    analysed = said & ANALYSED != 0
    count = np.int64(frames)
    heard = table_at(input, count if listens else 0, inputs.input[0].channels)
    underrun = (flags & _OUTPUT_UNDERFLOW) != 0
    done = np.int64(0)
    while done < count:
        # A device that only listens has no output: nobody hears what is played.
        part = count if output != 0 else min(count - done, engine.unheard.shape[0])
        to = output if output != 0 else np.uintp(engine.unheard.ctypes.data)
        out = table_at(to, part, OUTPUTS)
        here = heard[done : done + part]
        _play_live(engine, here, analysed, out, underrun and done == 0)
        done += part
    return 0


@rt_entry("vpwp")
def midi_callback(user, offset, message):
    """For a driver that brings MIDI with the block: before it calls `audio_callback`.

    ``offset`` counts frames into that block; ``message`` holds the bytes of a message,
    the first one lowest. [audio]
    """
    status, data1, data2 = message & 255, message >> 8 & 255, message >> 16 & 255
    take_midi(record_at(user, ENGINE), offset, status, data1, data2)


@rt_kernel
def _serve(engine):
    for index in range(NODES):
        if is_alive(engine, index):  # the memory of others may be gone
            call_node(engine, engine.nodes[index].serve, index)


@rt_entry("vppww")
def render(engine, out, frames, block):
    """Fill ``out``, float32 (frames, 2), block by block. [control]

    What nodes ask for in a block is there in the next one, and a stream's hops as soon
    as they are needed, whoever makes them: the same events give the same bytes.
    """
    whole, whole_out = record_at(engine, ENGINE), table_at(out, frames, OUTPUTS)
    threaded = whole.master[0].threaded
    whole.master[0].alone = THREADED if threaded else ALONE
    done = 0
    while done < frames:
        process.process_block(whole, whole_out[done : done + block])
        if not threaded:
            _serve(whole)
        done += block
    whole.master[0].alone = 0


@rt_entry("vp")
def apply_events(engine):
    """Apply the events that are due, between two blocks. [control]"""
    whole = record_at(engine, ENGINE)
    collect(whole)
    process.apply_due(whole)


@rt_entry("wpw")
def settle(engine, node):
    """Apply the events that are due and let a node get all it needs, in no time.

    Returns how much it still lacks (0, unless memory is short). [control]
    """
    whole = record_at(engine, ENGINE)
    lacking, before = -1, -2
    while lacking != 0 and lacking != before:
        before = lacking
        collect(whole)
        process.apply_due(whole)
        for _ in range(KEYS):  # enough to reach every key
            process.sweep(whole)
        _serve(whole)
        lacking = call_node(whole, whole.nodes[node].lacking, node)
    return lacking


@rt_entry("wpw")
def lacking(engine, node):
    """How much a node still lacks before it can play. [any]"""
    whole = record_at(engine, ENGINE)
    return call_node(whole, whole.nodes[node].lacking, node)
