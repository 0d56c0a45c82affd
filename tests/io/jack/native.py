"""C callbacks for streams under test: a ramp that shows every frame, and an echo."""

import numpy as np

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import table_at, words_at

RAMP = 1 << 20  # frames after which the ramp begins again; exact in float32
CALLS, FRAMES, BLOCK, UNDERFLOWS, MESSAGES, OFFSET, MESSAGE = range(7)


def new_counts():
    """Memory for the callbacks: what they count, by the numbers above."""
    return np.zeros(8, np.int64)


@rt_entry("ippwpwp")
def ramp(_input, output, frames, _time, flags, user):
    """PaStreamCallback: the left channel counts frames, the right one backwards."""
    counts = words_at(user, 8)
    out = table_at(output, frames, 2)
    for i in range(frames):
        value = np.float32((counts[FRAMES] % RAMP + 1) / RAMP)
        out[i, 0], out[i, 1] = value, -value
        counts[FRAMES] += 1
    counts[CALLS] += 1
    counts[BLOCK] = frames
    counts[UNDERFLOWS] += (flags & 4) != 0
    return 0


@rt_entry("ippwpwp")
def click(_input, output, frames, _time, _flags, user):
    """PaStreamCallback: one frame of 1 where `heard` was told of a message."""
    counts = words_at(user, 8)
    out = table_at(output, frames, 2)
    for i in range(frames):
        out[i, 0] = out[i, 1] = np.float32(counts[OFFSET] == i)
    counts[OFFSET] = -1
    counts[CALLS] += 1
    return 0


@rt_entry("ippwpwp")
def echo(input, output, frames, _time, _flags, user):
    """PaStreamCallback: two channels go out as they come in; counts those that came."""
    counts = words_at(user, 8)
    for i in range(frames if output != 0 else 0):
        for channel in range(2):
            table_at(output, frames, 2)[i, channel] = (
                table_at(input, frames, 2)[i, channel] if input != 0 else 0.0
            )
    counts[FRAMES] += frames if input != 0 else 0
    counts[CALLS] += 1
    return 0


@rt_entry("vpwp")
def heard(user, offset, message):
    """MIDI callback: remembers the last message, and where in the cycle it was."""
    counts = words_at(user, 8)
    counts[OFFSET], counts[MESSAGE] = offset, np.int64(message)
    counts[MESSAGES] += 1
