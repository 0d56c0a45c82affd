"""What the C functions that JACK calls have in common."""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.midi import SINGLE_BYTES, SONG_POSITION
from rtaudio_dl.core.native import bytes_at, call2, call3, record_at

U32 = np.uintp(0xFFFFFFFF)  # what a C function that returns 32 bits means

# jack_midi_event_t
MIDI_EVENT = np.dtype(
    [("time", np.uint32), ("size", np.uintp), ("buffer", np.uintp)], align=True
)


@rt_kernel
def midi_count(event_count, buffer):
    """How many messages a JACK port has in this cycle. [any]"""
    return np.int64(call2(event_count, buffer, np.uintp(0)) & U32)


@rt_kernel
def midi_message(event_get, memory, buffer, number):
    """A message's frame in the cycle, its length and its bytes, the first one lowest.

    ``memory`` holds a `MIDI_EVENT`. Length 0 if it is neither a channel message nor one
    of a clock, a song position, start, stop or continue. [any]
    """
    failed = call3(event_get, memory, buffer, np.uintp(number)) & U32
    event = record_at(memory, MIDI_EVENT)
    length = np.int64(event.size)
    if failed or length < 1 or length > 3:
        return 0, 0, 0
    data = bytes_at(event.buffer, length)
    if length == 1 and data[0] not in SINGLE_BYTES:  # such as active sensing
        return 0, 0, 0
    if data[0] >= 0xF0 and length > 1 and data[0] != SONG_POSITION:
        return 0, 0, 0
    message = np.int64(0)
    for i in range(length):
        message |= np.int64(data[i]) << (8 * i)
    return np.int64(event.time), length, message
