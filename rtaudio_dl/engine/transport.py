"""Musical time: tempo, metre, and the beat of every frame.

It changes at events only, so its value is exact to the frame. It runs by itself, or
follows a MIDI clock: 24 ticks a quarter note (MIDI 1.0, system real-time messages).
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel

TEMPI = (20.0, 999.0)  # quarter notes a minute
DEFAULT_TEMPO = 120.0
TICKS = 24  # of a MIDI clock in a quarter note
STOP, START, CONTINUE = range(3)
_FOLLOW = 0.15  # part of the way that the tempo goes to what the last tick says
_PATIENCE = 0.5  # s: ticks further apart begin anew
_TAP_PATIENCE = 3.0  # s, the same for taps
_TAPS = 8  # of the last ones count

TRANSPORT = np.dtype(
    [
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


@rt_kernel
def beat_of(transport, frame, sample_rate):
    """The beat of a frame, in quarter notes since the start. [any]"""
    if not transport.playing:
        return transport.beat
    seconds = (frame - transport.frame) / sample_rate
    return transport.beat + seconds * transport.tempo / 60.0


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
    power = 0 < denominator <= 64 and denominator & (denominator - 1) == 0
    if 0 < numerator <= 64 and power:
        transport.numerator, transport.denominator = numerator, denominator


@rt_kernel
def set_position(transport, frame, beat):
    """Go on from another beat. [audio]"""
    if 0.0 <= beat <= 1e9:
        transport.beat, transport.frame = beat, frame
        transport.ticks = int(beat * TICKS) - 1  # the next one is there


@rt_kernel
def run(transport, frame, sample_rate, command):
    """`STOP`, `START` from the beginning, or `CONTINUE`. [audio]"""
    _settle(transport, frame, sample_rate)
    if command == START:
        transport.beat, transport.ticks = 0.0, -1
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
        transport.tick_frames = 0.0
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
