"""Tracks: sound files of any length, played from a ring that is filled ahead of time.

A reader (Python, `rtaudio_dl.playback.track`) decodes into the ring; the audio thread
plays from it at any speed, through the same filters as voices. Frames of the ring are
numbered for ever: where the reader jumps to another place of the file, it goes on
writing and begins a new *generation* there. The audio thread then fades out, goes on
from that generation's first frame, and fades in: a seek makes no click, and no old
frame is heard after it. A loop is written as one stream, so that it has no seam.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import load_acquire, record_at, store_release, table_at
from rtaudio_dl.core.ring import CURSORS, DROPPED, READ, WRITE
from rtaudio_dl.dsp.resampler import BANK_TAPS, PHASES, bank_of, offset_of, taps_of
from rtaudio_dl.engine.layout import ENGINE

TRACKS = 4  # at once
SIDES = 2
REACH = max(BANK_TAPS) // 2  # frames to both sides of a position that filters look at
MARGIN = 2 * REACH  # first frames of the ring, written behind its last one once more
FAR = 1 << 62  # the end of a stream that has not been reached
FADE_SECONDS = 0.005  # of pause, seek and stop

# Words beside the cursors of a track's ring, on WRITE's cache line: the control side's.
GENERATION = WRITE + 1  # number of the newest
FIRST = WRITE + 2  # its first frame
END = WRITE + 3  # the frame after its last one, or FAR
PLAYING = WRITE + 4  # 0: paused
STOPPING = WRITE + 5
# READ is the oldest frame that the audio thread may look at, DROPPED counts frames that
# were silent because the reader was late.

# Life of a track. The control side makes EMPTY → ACTIVE and GONE → EMPTY, the audio
# thread ACTIVE → GONE.
EMPTY, ACTIVE, GONE = range(3)

TRACK = np.dtype(
    [
        # set before it becomes active
        ("address", np.uintp),  # of float32 (SIDES, frames + MARGIN)
        ("frames", np.int64),  # of the ring, a power of two
        ("start", np.int64),  # engine frame at which it begins
        # set by the control side at any time
        ("to_step", np.float64),  # frames of the file per frame of output
        ("to_gain", np.float64),
        # the audio thread's
        ("seen", np.int64),  # the generation that it plays,
        ("first", np.int64),  # and its first frame
        ("frame", np.int64),  # position in the stream: whole frames,
        ("phase", np.float64),  # and a part of one
        ("step", np.float64),
        ("gain", np.float64),
        ("gate", np.float64),  # fade, 0..1
        ("starved", np.int64),
        ("over", np.int64),  # it came to its end
    ],
    align=True,
)

# The state of the tracks' node.
_NUMBER = np.dtype(np.int64)
PLAYER = np.dtype(
    [
        ("tracks", TRACK, (TRACKS,)),
        ("track_life", _NUMBER, (TRACKS,)),
        ("track_words", _NUMBER, (TRACKS, CURSORS)),
    ],
    align=True,
)

_GLIDE = 0.002  # s, time constant of the speed
_SMOOTH = 0.005  # s, time constant of the gain
_NEAR = 1e-7  # a glide that has come so near has arrived
_ENOUGH = 4  # times the reserve: with so much a track that had run dry goes on


@rt_kernel
def _interpolate(filters, memory, mask, frame, phase, step, first, end):
    """Left and right at a position; outside of first..end there is silence. [audio]"""
    left_sum = right_sum = np.float32(0.0)
    if step == 1.0 and phase == 0.0:  # as the file is, to the bit
        if first <= frame < end:
            left_sum, right_sum = memory[0, frame & mask], memory[1, frame & mask]
        return left_sum, right_sum
    bank = bank_of(step)
    taps = taps_of(bank)
    row = int(phase * PHASES)
    part = np.float32(phase * PHASES - row)
    begin = frame - taps // 2 + 1
    # Slices and a loop from 0: only so the compiler takes vector registers, which is
    # seven times faster.
    skip = max(first - begin, 0)
    low = filters[offset_of(bank) + row * taps + skip :]
    high = low[taps:]
    place = (begin & mask) + skip
    left, right = memory[0, place:], memory[1, place:]
    for i in range(min(end - begin, taps) - skip):
        weight = low[i] + part * (high[i] - low[i])
        left_sum += weight * left[i]
        right_sum += weight * right[i]
    return left_sum, right_sum


@rt_kernel
def _toward(value, target, by):
    value += by * (target - value)
    return target if abs(target - value) < _NEAR else value


@rt_kernel
def _starves(track, frames, written, end):
    """Whether what is there would not last for so many frames of output. [audio]"""
    if end <= written:
        return 0
    reserve = int(frames * track.step) + MARGIN
    if track.starved:
        reserve *= _ENOUGH
    return 1 if written - track.frame < reserve else 0


@rt_kernel
def _play(engine, player, index, count):
    """Add ``count`` frames of a track to the mix. [audio]"""
    master, track = engine.master[0], player.tracks[index]
    words = player.track_words[index]
    memory = table_at(track.address, SIDES, track.frames + MARGIN)
    # In this order: the frames of a generation are there before its number.
    asked = load_acquire(words, GENERATION)
    written, end = load_acquire(words, WRITE), load_acquire(words, END)
    jumps = asked != track.seen
    if jumps:
        end = load_acquire(words, FIRST)
    fade_frames = FADE_SECONDS * master.sample_rate
    track.starved = _starves(track, fade_frames + count, written, end)
    stopping = load_acquire(words, STOPPING) or track.over
    wanted = load_acquire(words, PLAYING) and not stopping
    opens = wanted and not (jumps or track.starved)
    fade = 1.0 / fade_frames
    glide = 1.0 - math.exp(-1.0 / (_GLIDE * master.sample_rate))
    smooth = 1.0 - math.exp(-1.0 / (_SMOOTH * master.sample_rate))
    first, frame, phase, step = track.first, track.frame, track.phase, track.step
    gain, gate = track.gain, track.gate
    for i in range(max(track.start - master.frame, 0), count):
        if gate <= 0.0 and not opens:
            if jumps and not stopping:
                first = frame = load_acquire(words, FIRST)
                end = load_acquire(words, END)
                track.seen, phase, jumps, opens = asked, 0.0, False, wanted
            if not opens:
                if wanted:
                    store_release(words, DROPPED, words[DROPPED] + count - i)
                break
        gate = min(gate + fade, 1.0) if opens else max(gate - fade, 0.0)
        left, right = _interpolate(
            engine.filters, memory, track.frames - 1, frame, phase, step, first, end
        )
        level = gain * gate * gate * (3.0 - 2.0 * gate)
        engine.mix[i, 0] += level * left
        engine.mix[i, 1] += level * right
        gain = _toward(gain, track.to_gain, smooth)
        step = _toward(step, track.to_step, glide)
        phase += step
        whole = int(phase)
        frame, phase = frame + whole, phase - whole
        if frame >= end + REACH and not jumps:
            track.over = stopping = 1
            gate = 0.0
            break
    track.first, track.frame, track.phase, track.step = first, frame, phase, step
    track.gain, track.gate = gain, gate
    store_release(words, READ, frame - REACH)
    if stopping and (gate <= 0.0 or track.start >= master.frame + count):
        store_release(player.track_life, index, GONE)


@rt_kernel
def play_tracks(engine, player, count):
    """Add ``count`` frames (at most a segment) of all tracks to the mix. [audio]"""
    for index in range(TRACKS):
        if load_acquire(player.track_life, index) == ACTIVE:
            _play(engine, player, index, count)


@rt_entry("vpww")
def process(address, node, count):
    """The tracks as a node. [audio]"""
    engine = record_at(address, ENGINE)
    play_tracks(engine, record_at(engine.nodes[node].state, PLAYER), count)
