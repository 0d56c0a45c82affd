"""What drivers call: C functions that find the engine, and play or hear."""

from __future__ import annotations

import sys

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from rtaudio_dl.core.counters import (
    BUSY_NS,
    CALLBACKS,
    LONGEST_NS,
    OVERRUNS,
    PREEMPTED,
    UNDERRUNS,
)
from rtaudio_dl.core.kernel import rt_callback, rt_kernel
from rtaudio_dl.core.native import table_at, view
from rtaudio_dl.core.switch import look
from rtaudio_dl.engine.input import ANALYSED, HEARD, take_input
from rtaudio_dl.engine.layout import ARRAYS, OUTPUTS, Engine
from rtaudio_dl.engine.midi import hear
from rtaudio_dl.engine.process import process_block
from rtaudio_dl.engine.schedule import follow_clock, now, spent

_OUTPUT_UNDERFLOW = 4  # paOutputUnderflow
_ULONG = types.uint32 if sys.platform == "win32" else types.uint64

_KINDS = tuple(
    types.Array(numba.from_dtype(kind), len(shape), "C")
    for kind, shape in ARRAYS.values()
)
_ENGINE = types.NamedTuple(_KINDS, Engine)


def address_table(engine: Engine) -> np.ndarray:
    """The addresses of an engine's arrays, uintp: the user data of `audio_callback`.

    The caller keeps table and engine alive as long as the callback may run.
    """
    return np.array([array.ctypes.data for array in engine], np.uintp)


@intrinsic
def engine_at(_context, table):
    """The Engine of an `address_table` at an address. [any]"""

    def generate(context, builder, _signature, arguments):
        word = ir.IntType(64)
        words = builder.inttoptr(arguments[0], word.as_pointer())
        views = []
        for i, (_, shape) in enumerate(ARRAYS.values()):
            address = builder.load(cgutils.gep_inbounds(builder, words, i))
            extents = [word(n) for n in shape]
            views.append(view(context, builder, _KINDS[i], extents, address))
        return context.make_tuple(builder, _ENGINE, views)

    return _ENGINE(types.uintp), generate


@rt_kernel
def play_live(engine, heard, analysed, out, underrun):
    """Process a block for a device, and keep count of how it went. [audio]

    ``heard`` is the input of the same frames, float32 (frames, channels), or empty;
    ``analysed`` says that the analysis thread gets it, too.
    """
    began = now(engine, engine.ticks)
    computed = spent(engine, engine.ticks)
    follow_clock(engine, began)
    if heard.shape[0] > 0:
        take_input(engine, heard, analysed)
    process_block(engine, out)
    computed = spent(engine, engine.ticks) - computed
    took = now(engine, engine.ticks) - began
    lasts = out.shape[0] * 1e9 / engine.master[0].sample_rate
    counters = engine.counters
    counters[CALLBACKS] += 1
    counters[UNDERRUNS] += underrun
    counters[BUSY_NS] += took
    counters[LONGEST_NS] = max(counters[LONGEST_NS], took)
    # Whose fault it was if the block came too late: ours, or the system's.
    counters[OVERRUNS] += computed > lasts
    counters[PREEMPTED] += took > lasts and computed <= lasts


@rt_callback(
    types.int32(
        types.uintp,  # const void *input, interleaved float32, or null
        types.uintp,  # void *output, interleaved float32, or null
        _ULONG,  # unsigned long frames
        types.uintp,  # const PaStreamCallbackTimeInfo *
        _ULONG,  # PaStreamCallbackFlags
        types.uintp,  # void *user
    )
)
def audio_callback(input, output, frames, _time, flags, user):
    """PaStreamCallback: 0 tells PortAudio to go on. [audio]"""
    engine = engine_at(user)
    said = look(engine.input_switch)
    listens = input != 0 and said & HEARD != 0
    analysed = said & ANALYSED != 0
    heard = table_at(input, frames if listens else 0, engine.input[0].channels)
    underrun = (flags & _OUTPUT_UNDERFLOW) != 0
    if output != 0:
        out = table_at(output, frames, OUTPUTS)
        play_live(engine, heard, analysed, out, underrun)
        return 0
    done = np.int64(0)
    while done < frames:
        count = min(np.int64(frames) - done, engine.unheard.shape[0])
        part = heard[done : done + count]
        out = engine.unheard[:count]
        play_live(engine, part, analysed, out, underrun and done == 0)
        done += count
    return 0


@rt_callback(types.void(types.uintp, types.int64, types.uint64))
def midi_callback(user, offset, message):
    """For a driver that brings MIDI with the block: before it calls `audio_callback`.

    ``offset`` counts frames into that block; ``message`` holds the three bytes of a
    channel message, the first one lowest. [audio]
    """
    status, data1, data2 = message & 255, message >> 8 & 255, message >> 16 & 255
    hear(engine_at(user), offset, status, data1, data2)
