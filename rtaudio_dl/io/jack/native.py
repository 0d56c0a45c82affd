"""What the C functions that JACK calls have in common."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import call2, call3, view

U32 = np.uintp(0xFFFFFFFF)  # what a C function that returns 32 bits means

# jack_midi_event_t
MIDI_EVENT = np.dtype(
    [("time", np.uint32), ("size", np.uintp), ("buffer", np.uintp)], align=True
)


def array_of(kind: np.dtype) -> Any:
    """For kernels: ``array(address, size)`` over memory that somebody else owns."""
    array_type = types.Array(numba.from_dtype(kind), 1, "C")

    @intrinsic
    def array(_context, address, size):
        """The ``size`` items at an address. [any]"""

        def generate(context, builder, _signature, arguments):
            return view(context, builder, array_type, arguments[1:], arguments[0])

        return array_type(types.uintp, types.intp), generate

    return array


_events, _bytes = array_of(MIDI_EVENT), array_of(np.dtype(np.uint8))


@rt_kernel
def midi_count(event_count, buffer):
    """How many messages a JACK port has in this cycle. [any]"""
    return np.int64(call2(event_count, buffer, np.uintp(0)) & U32)


@rt_kernel
def midi_message(event_get, memory, buffer, number):
    """A message's frame in the cycle, its length and its bytes, the first one lowest.

    ``memory`` holds a `MIDI_EVENT`. Length 0 if it is no channel message. [any]
    """
    failed = call3(event_get, memory, buffer, np.uintp(number)) & U32
    event = _events(memory, 1)[0]
    length = np.int64(event.size)
    if failed or length < 2 or length > 3:
        return 0, 0, 0
    data = _bytes(event.buffer, length)
    message = np.int64(0)
    for i in range(length):
        message |= np.int64(data[i]) << (8 * i)
    return np.int64(event.time), length, message
