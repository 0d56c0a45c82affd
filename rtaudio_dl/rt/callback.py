"""What PortAudio calls: a C function that finds the engine and lets it process a block."""

from __future__ import annotations

import sys

import numba
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from rtaudio_dl.rt.kernel import rt_callback, rt_kernel
from rtaudio_dl.rt.layout import (
    ARRAYS,
    BUSY_NS,
    CALLBACKS,
    LONGEST_NS,
    OUTPUTS,
    OVERRUNS,
    UNDERRUNS,
    Engine,
)
from rtaudio_dl.rt.process import process_block
from rtaudio_dl.rt.schedule import follow_clock, now

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


def _view(context, builder, kind, shape, address):
    view = context.make_array(kind)(context, builder)
    item = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    strides = [item * int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
    populate_array(
        view,
        data=builder.inttoptr(address, view.data.type),
        shape=[context.get_constant(types.intp, n) for n in shape],
        strides=[context.get_constant(types.intp, n) for n in strides],
        itemsize=context.get_constant(types.intp, item),
        meminfo=None,
    )
    return view._getvalue()


@intrinsic
def engine_at(_context, table):
    """The Engine whose addresses a C pointer shows (see `address_table`). [any]"""

    def generate(context, builder, _signature, arguments):
        words = builder.bitcast(arguments[0], ir.IntType(64).as_pointer())
        views = []
        shapes = [shape for _, shape in ARRAYS.values()]
        for i, (kind, shape) in enumerate(zip(_KINDS, shapes, strict=True)):
            address = builder.load(cgutils.gep_inbounds(builder, words, i))
            views.append(_view(context, builder, kind, shape, address))
        return context.make_tuple(builder, _ENGINE, views)

    return _ENGINE(table), generate


@rt_kernel
def play_live(engine, out, underrun):
    """Process a block for a device, and keep count of how it went. [audio]"""
    began = now(engine, engine.ticks)
    follow_clock(engine, began)
    process_block(engine, out)
    took = now(engine, engine.ticks) - began
    counters = engine.counters
    counters[CALLBACKS] += 1
    counters[UNDERRUNS] += underrun
    counters[BUSY_NS] += took
    counters[LONGEST_NS] = max(counters[LONGEST_NS], took)
    counters[OVERRUNS] += took > out.shape[0] * 1e9 / engine.master[0].sample_rate


@rt_callback(
    types.int32(
        types.voidptr,  # const void *input
        types.CPointer(types.float32),  # void *output, interleaved
        _ULONG,  # unsigned long frames
        types.voidptr,  # const PaStreamCallbackTimeInfo *
        _ULONG,  # PaStreamCallbackFlags
        types.CPointer(types.uintp),  # void *user
    )
)
def audio_callback(_input, output, frames, _time, flags, user):
    """PaStreamCallback: 0 tells PortAudio to go on. [audio]"""
    out = carray(output, (frames, OUTPUTS))
    play_live(engine_at(user), out, (flags & _OUTPUT_UNDERFLOW) != 0)
    return 0
