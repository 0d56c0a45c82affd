"""The audio thread's ears: input mixed to one channel, onsets found, all handed on.

`memory` is a record of `INPUTS`: of an engine, or of what analyses a file without one.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.counters import (
    INPUT_CLIPPED,
    INPUT_FRAMES_SEEN,
    INPUT_NOT_FINITE,
    ONSETS,
)
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import (
    call3,
    flush_denormals,
    load_acquire,
    restore_denormals,
    store_release,
)
from rtaudio_dl.core.ring import CURSORS, WRITE, push, write_frames
from rtaudio_dl.core.switch import SWITCH
from rtaudio_dl.dsp.onset import MOST, ONSET, find_onsets
from rtaudio_dl.engine.detection import DETECTION, TRIGGER, play
from rtaudio_dl.engine.telemetry import tell_input, tell_onset

MAX_INPUTS = 32  # channels
PIECE = 128  # most frames between two looks for onsets
INPUT_FRAMES = 1 << 18  # 5 s at 48 kHz, for the analysis to be away
DETECTION_LOG = 1024
_FULL_SCALE = 0.9999
_SANE = 1e6  # no input gets here, whatever its gain
_METER = 0.3  # s, time constant at which the meter falls

INPUT = np.dtype(
    [
        ("sample_rate", np.float64),  # Hz
        ("channels", np.int64),  # interleaved in the driver's memory
        ("chosen", np.int64),  # bits: those that are mixed
        ("scale", np.float64),  # of their sum
        ("peak", np.float64),  # meter, falls by itself
        ("post_address", np.uintp),  # the analysis thread's semaphore
        ("semaphore", np.uintp),
    ],
    align=True,
)

# What the switch of the input says: that it is heard, and that there is a thread which
# takes its frames. The rest of `INPUT`, the rings and the counters are the control
# side's while it is off and that has been seen.
HEARD, ANALYSED = 1, 2

_INPUT_ARRAYS: dict[str, tuple[np.dtype, tuple[int, ...]]] = {
    "input": (INPUT, (1,)),
    "input_switch": (np.dtype(np.int64), (SWITCH,)),
    # Frame of the engine less its place in the input ring.
    "input_offset": (np.dtype(np.int64), (1,)),
    "input_counters": (np.dtype(np.int64), (4,)),
    "input_ring": (np.dtype(np.float32), (INPUT_FRAMES, 1)),
    "input_cursors": (np.dtype(np.int64), (CURSORS,)),
    "mono": (np.dtype(np.float32), (PIECE, 1)),
    "onset": (ONSET, (1,)),
    "onset_on": (np.dtype(np.int64), (1,)),
    "onsets": (DETECTION, (MOST,)),  # those of one piece
    "onset_trigger": (TRIGGER, (1,)),
    "onset_key": (np.dtype(np.int64), (1,)),  # that it plays, or SILENT
    "onset_ring": (DETECTION, (DETECTION_LOG,)),
    "onset_cursors": (np.dtype(np.int64), (CURSORS,)),
}
INPUTS = np.dtype(
    [(name, kind, shape) for name, (kind, shape) in _INPUT_ARRAYS.items()], align=True
)


@rt_kernel
def _mix(memory, frames, first, count):
    """Mix ``count`` frames from ``first`` on into ``memory.mono``, and measure them."""
    state, counters = memory.input[0], memory.input_counters
    fall = math.exp(-1.0 / (_METER * state.sample_rate))
    peak, wrong, clipped = state.peak, 0, 0
    for i in range(count):
        total = 0.0
        for channel in range(frames.shape[1]):
            if state.chosen >> channel & 1:
                value = np.float64(frames[first + i, channel])
                if not abs(value) < _SANE:  # NaN compares false
                    value = 0.0
                    wrong += 1
                clipped += abs(value) >= _FULL_SCALE
                total += value
        total *= state.scale
        memory.mono[i, 0] = np.float32(total)
        peak = max(abs(total), peak * fall)
    state.peak = peak
    counters[INPUT_FRAMES_SEEN] += count
    counters[INPUT_NOT_FINITE] += wrong
    counters[INPUT_CLIPPED] += clipped


@rt_kernel
def take_piece(memory, frames, first, count, frame):
    """Mix up to `PIECE` frames and tell their onsets; how many there are. [audio]

    ``frames`` is float32 (frames, channels); the one at ``first`` is number ``frame``
    of the stream.
    """
    _mix(memory, frames, first, count)
    if not load_acquire(memory.onset_on, 0):
        return 0
    found = find_onsets(memory.onset[0], memory.mono, count, frame, memory.onsets)
    for i in range(found):
        push(memory.onset_ring, memory.onset_cursors, memory.onsets[i])
        memory.input_counters[ONSETS] += memory.onsets[i].on
    return found


@rt_kernel
def take_input(engine, frames, analysed):
    """Take a block of input before it is answered: float32 (frames, channels). [audio]

    An onset in it plays its note in this very block. If ``analysed``, all frames go to
    the analysis thread; if that is too far behind they are dropped and counted, never
    waited for.
    """
    mode = flush_denormals()
    memory, now = engine.inputs[0], engine.master[0].frame
    state = memory.input[0]
    done, total = 0, frames.shape[0]
    while done < total:
        count = min(total - done, PIECE)
        found = take_piece(memory, frames, done, count, now + done)
        for i in range(found):
            onset = memory.onsets[i]
            ring, cursors = engine.cycle_ring, engine.cycle_cursors
            trigger, event = memory.onset_trigger[0], engine.event[0]
            key = load_acquire(memory.onset_key, 0)
            play(trigger, key, onset, event, ring, cursors, onset.frame)
            tell_onset(engine, onset)
        tell_input(engine, memory.mono, count)
        if analysed:
            offset = now + done - load_acquire(memory.input_cursors, WRITE)
            store_release(memory.input_offset, 0, offset)
            write_frames(memory.input_ring, memory.input_cursors, memory.mono, count)
        done += count
    if analysed and state.semaphore != 0:
        call3(state.post_address, state.semaphore, 1, 0)
    restore_denormals(mode)
