"""Musical time: tempo, metre, and the beat of every frame.

It changes at events only, so its value is exact to the frame; what it counts meanwhile
follows from that. It runs by itself, or
follows a MIDI clock: 24 ticks a quarter note (MIDI 1.0, system real-time messages).
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.control import copy_history, load_word
from rtaudio_dl.core.history import HISTORY_WORDS, WRITTEN
from rtaudio_dl.core.kernel import rt_kernel

TEMPI = (20.0, 999.0)  # quarter notes a minute
DEFAULT_TEMPO = 120.0
TICKS = 24  # of a MIDI clock in a quarter note
STOP, START, CONTINUE = range(3)
MOST_OF_METRE = 64  # each of its numbers
_JOINS = 0.1  # s from a start to the first tick that is not of its own
_FOLLOW = 0.15  # part of the way that the tempo goes to what the last tick says
_PATIENCE = 0.5  # s: ticks further apart begin anew
_TAP_PATIENCE = 3.0  # s, the same for taps
_TAPS = 8  # of the last ones count
_TRIES = 1000  # to read it between two events
_NEAR = 1e-6  # of a tick or a frame: what rounding leaves

TRANSPORT = np.dtype(
    [
        ("changes", np.int64, (HISTORY_WORDS,)),  # it is a history of one cell
        ("playing", np.int64),
        ("tempo", np.float64),  # quarter notes a minute
        ("numerator", np.int64),
        ("denominator", np.int64),
        ("beat", np.float64),  # quarter notes since the start, at `frame`
        ("frame", np.int64),
        # the MIDI clock that it follows
        ("tick_frame", np.int64),  # of the last tick, or -1
        ("tick_frames", np.float64),  # from one to the next, smoothed
        ("ticks", np.int64),  # since the start, or -1: the next one is the start
        # tapped
        ("tap_frame", np.int64),
        ("tap_frames", np.float64),
        ("taps", np.int64),
    ],
    align=True,
)


def reset_transport(transport: np.ndarray) -> None:
    """At rest, at the beginning, at 120 in 4/4."""
    transport[:] = np.zeros(1, TRANSPORT)
    transport["tempo"] = DEFAULT_TEMPO
    transport["numerator"] = transport["denominator"] = 4
    transport["tick_frame"] = transport["tap_frame"] = -1


def read_transport(transport: np.ndarray) -> np.void:
    """A copy of what an engine's transport is between two events; safe while it runs.

    ``transport`` is shape (1,).
    """
    words = transport["changes"][0]
    for _ in range(_TRIES):
        changed = load_word(words, WRITTEN)
        copy, changing = copy_history(words, transport, 0, 1)
        if changing == changed:
            break
    return copy[0]


@rt_kernel
def beat_of(transport, frame, sample_rate):
    """The beat of a frame, in quarter notes since the start. [any]"""
    if not transport.playing:
        return transport.beat
    seconds = (frame - transport.frame) / sample_rate
    return transport.beat + seconds * transport.tempo / 60.0


@rt_kernel
def frame_of(transport, beat, sample_rate):
    """The first frame that is not before a beat, while it plays on as it does. [any]"""
    frames = (beat - transport.beat) * 60.0 * sample_rate / transport.tempo
    return transport.frame + np.int64(math.ceil(frames - _NEAR))


@rt_kernel
def _settle(transport, frame, sample_rate):
    transport.beat = beat_of(transport, frame, sample_rate)
    transport.frame = frame


@rt_kernel
def set_tempo(transport, frame, sample_rate, tempo):
    """Go on at another tempo; the beat goes on where it is. [audio]"""
    if TEMPI[0] <= tempo <= TEMPI[1]:
        _settle(transport, frame, sample_rate)
        transport.tempo = tempo


@rt_kernel
def set_metre(transport, numerator, denominator):
    """Change the metre; ``denominator`` is a power of two up to 64. [audio]"""
    power = denominator & (denominator - 1) == 0
    if 0 < numerator <= MOST_OF_METRE and 0 < denominator <= MOST_OF_METRE and power:
        transport.numerator, transport.denominator = numerator, denominator


@rt_kernel
def set_position(transport, frame, beat):
    """Go on from another beat. [audio]"""
    if 0.0 <= beat <= 1e9:
        transport.beat, transport.frame = beat, frame
        _await_tick(transport)


@rt_kernel
def _await_tick(transport):
    """Let the next tick be the first one that is not before the beat.

    So a start or a song position is where that tick is (MIDI 1.0, song position).
    """
    transport.ticks = int(math.ceil(transport.beat * TICKS - _NEAR)) - 1


@rt_kernel
def run(transport, frame, sample_rate, command):
    """`STOP`, `START` from the beginning, or `CONTINUE`. [audio]"""
    _settle(transport, frame, sample_rate)
    if command == START:
        transport.beat = 0.0
    if command != STOP:
        _await_tick(transport)
    transport.playing = command != STOP


@rt_kernel
def tick(transport, frame, sample_rate):
    """One tick of a MIDI clock. [audio]"""
    apart = frame - transport.tick_frame
    if transport.tick_frame >= 0 and 0 < apart < _PATIENCE * sample_rate:
        if transport.tick_frames <= 0.0:
            transport.tick_frames = apart
        transport.tick_frames += _FOLLOW * (apart - transport.tick_frames)
        tempo = 60.0 * sample_rate / (TICKS * transport.tick_frames)
        transport.tempo = min(max(tempo, TEMPI[0]), TEMPI[1])
    else:
        # A clock that begins: with a start its first tick is where that is; it joins
        # what plays already at the nearest one.
        transport.tick_frames = 0.0
        if frame - transport.frame > _JOINS * sample_rate:
            beat = beat_of(transport, frame, sample_rate)
            transport.ticks = int(math.floor(beat * TICKS + 0.5)) - 1
    transport.tick_frame = frame
    if transport.playing:
        # The tick itself is where the beat is: no drift between two machines.
        transport.ticks += 1
        transport.beat, transport.frame = transport.ticks / TICKS, frame


@rt_kernel
def tap(transport, frame, sample_rate):
    """A tap of a foot: the second one sets the tempo, more steady it. [audio]"""
    apart = frame - transport.tap_frame
    if transport.tap_frame < 0 or apart > _TAP_PATIENCE * sample_rate:
        transport.taps = 0
    elif apart > 0:
        transport.taps = min(transport.taps + 1, _TAPS)
        part = 1.0 / transport.taps
        if transport.taps == 1:
            transport.tap_frames = apart
        transport.tap_frames += part * (apart - transport.tap_frames)
        tempo = 60.0 * sample_rate / transport.tap_frames
        set_tempo(transport, frame, sample_rate, min(max(tempo, TEMPI[0]), TEMPI[1]))
    transport.tap_frame = frame
