"""What drivers call: C functions that find the engine, and play or hear."""

from __future__ import annotations

import sys

import numpy as np

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
from rtaudio_dl.engine.input import ANALYSED, HEARD, take_input
from rtaudio_dl.engine.layout import ENGINE, OUTPUTS
from rtaudio_dl.engine.midi import hear
from rtaudio_dl.engine.process import process_block
from rtaudio_dl.engine.schedule import follow_clock, now, spent

_OUTPUT_UNDERFLOW = 4  # paOutputUnderflow
# unsigned long has 32 bits on Windows alone.
_LONG = "u" if sys.platform == "win32" else "p"


@rt_kernel
def play_live(engine, heard, analysed, out, underrun):
    """Process a block for a device, and keep count of how it went. [audio]

    ``heard`` is the input of the same frames, float32 (frames, channels), or empty;
    ``analysed`` says that the analysis thread gets it, too.
    """
    began = now(engine.master[0], engine.ticks)
    computed = spent(engine.master[0], engine.ticks)
    follow_clock(engine, began)
    if heard.shape[0] > 0:
        take_input(engine, heard, analysed)
    process_block(engine, out)
    computed = spent(engine.master[0], engine.ticks) - computed
    took = now(engine.master[0], engine.ticks) - began
    lasts = out.shape[0] * 1e9 / engine.master[0].sample_rate
    counters = engine.counters
    counters[CALLBACKS] += 1
    counters[UNDERRUNS] += underrun
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
    heard = table_at(input, frames if listens else 0, inputs.input[0].channels)
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


@rt_entry("vpwp")
def midi_callback(user, offset, message):
    """For a driver that brings MIDI with the block: before it calls `audio_callback`.

    ``offset`` counts frames into that block; ``message`` holds the three bytes of a
    channel message, the first one lowest. [audio]
    """
    status, data1, data2 = message & 255, message >> 8 & 255, message >> 16 & 255
    hear(record_at(user, ENGINE), offset, status, data1, data2)
