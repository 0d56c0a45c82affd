"""The sound of a lane: hop after hop through the causal filter, shaped like any voice.

A hop that is not there when its first frame is due is late: it is silent to its end,
even if it comes meanwhile, so that the note stays in time. The sound before such a gap
is faded out, the sound after it faded in.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.counters import LATE_HOPS
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import floats_at, load_acquire, record_at, row_at
from rtaudio_dl.core.worker import pause
from rtaudio_dl.dsp.causal_filter import PHASES, sample_behind
from rtaudio_dl.engine.envelope import begin, envelope, gains
from rtaudio_dl.engine.event_log import log_late
from rtaudio_dl.engine.layout import IDLE, WAITING
from rtaudio_dl.engine.parameters import GAIN, step_of
from rtaudio_dl.engine.records import THREADED
from rtaudio_dl.engine.voices import end
from rtaudio_dl.kinds.stream.lanes import stream_of
from rtaudio_dl.kinds.stream.layout import INBOX, MUTED, SHARED

_SILENCE = 1e-4  # -80 dB: a released note that stays below it has ended
_FADE = 0.001  # s, around a gap


@rt_kernel
def _ramp(i, frames):
    """A fade from 0 to 1: half a period of a cosine."""
    return 0.5 - 0.5 * math.cos(math.pi * (i + 1) / (frames + 1))


@rt_kernel
def _fill_gap(line, taps, hop, fade):
    """Silence for a hop; what went before runs back into it and fades."""
    for i in range(hop):
        line[taps + i] = 0.0
    for i in range(min(fade, hop, taps)):
        line[taps + i] = line[taps - 1 - i] * (1.0 - _ramp(i, fade))


@rt_kernel
def _fetch(engine, stream, voice, number):
    """Copy a hop from the inbox to the line; False if it has not come, or is no sound.

    Only one that has not come is counted: the worker counts the others.
    """
    lane = voice.place
    place = number % stream.inbox
    word = lane * INBOX + place
    there = load_acquire(stream.inbox_words, word)
    # Offline a hop is waited for: the thread that makes it only runs beside.
    while engine.master[0].alone == THREADED and there not in (number, MUTED - number):
        pause(record_at(stream.shared, SHARED).worker[0])
        there = load_acquire(stream.inbox_words, word)
    if there != number:
        if there != MUTED - number:
            engine.counters[LATE_HOPS] += 1
            log_late(engine, voice, number)
        return False
    came = row_at(stream.inboxes, stream.hop, stream.inbox * lane + place)
    line = row_at(stream.lines, stream.taps + stream.hop, lane)
    for i in range(stream.hop):
        line[stream.taps + i] = came[i]
    return True


@rt_kernel
def _next_hop(engine, stream, voice, lane):
    """Go on to the lane's next hop."""
    line = row_at(stream.lines, stream.taps + stream.hop, voice.place)
    fade = int(_FADE * stream.rate)
    for i in range(stream.taps):
        line[i] = line[stream.hop + i]
    lane.heard += 1
    if _fetch(engine, stream, voice, lane.heard):
        if lane.gap:
            for i in range(min(fade, stream.hop)):
                line[stream.taps + i] *= _ramp(i, fade)
        lane.gap = 0
    else:
        _fill_gap(line, stream.taps, stream.hop, fade)
        lane.gap = 1
    peak = np.float32(0.0)
    for i in range(stream.hop):
        peak = max(peak, abs(line[stream.taps + i]))
    voice.loud = peak
    lane.quiet = lane.quiet + 1 if lane.lifted and peak < _SILENCE else 0


@rt_kernel
def _sound(engine, stream, voice, lane, first, count):
    """Add a voice to the mix from frame ``first`` on; returns the frames it lasted."""
    table = floats_at(stream.filter, (PHASES + 1) * stream.taps)
    line = row_at(stream.lines, stream.taps + stream.hop, voice.place)
    smooth = step_of(engine, voice.node, GAIN)
    to_left, to_right = gains(engine, voice)
    taps, hop, step, bright = stream.taps, stream.hop, stream.step, voice.bright
    age, heard = lane.age, lane.heard
    left, right, low_pass = voice.left, voice.right, voice.filter
    tail_left, tail_right = voice.tail_left, voice.tail_right
    lasts = count
    for i in range(count):
        # Not summed up: the position stays exact however long the note.
        position = age * step - heard * hop
        if position >= hop:
            if lane.quiet >= stream.hush:
                lasts = i
                break
            _next_hop(engine, stream, voice, lane)
            heard, position = lane.heard, position - hop
        value = sample_behind(table, taps, line, position)
        low_pass += bright * (value - low_pass)
        value = low_pass * engine.envelope[i]
        tail_left, tail_right = value * left, value * right
        engine.mix[first + i, 0] += tail_left
        engine.mix[first + i, 1] += tail_right
        left += smooth * (to_left - left)
        right += smooth * (to_right - right)
        age += 1
    lane.age = age
    voice.left, voice.right, voice.filter = left, right, low_pass
    voice.tail_left, voice.tail_right = tail_left, tail_right
    return lasts


@rt_kernel
def _play(engine, stream, voice, count):
    """Add ``count`` frames of a voice to the mix; False at its end."""
    master, lane = engine.master[0], stream.lane[voice.place]
    first = 0
    if voice.life == WAITING:
        first = lane.start + lane.delay - master.frame
        if first >= count:
            return True
        begin(engine, voice)
    lasts = envelope(engine, voice, count - first)
    return _sound(engine, stream, voice, lane, first, lasts) == count - first


@rt_kernel
def play_lanes(engine, node, count):
    """Add ``count`` frames (at most SEGMENT) of a node's voices to the mix. [audio]"""
    stream = stream_of(engine, node)
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if voice.life != IDLE and voice.node == node:
            if not _play(engine, stream, voice, count):
                end(engine, voice)
