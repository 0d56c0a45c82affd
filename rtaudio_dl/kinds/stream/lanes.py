"""The audio thread's side of streams: lanes for notes, and the hops that they need.

Every hop of a note is asked for at a frame of its own, which follows from the frame of
the strike alone, with the controls as they are at that frame. So the sound is the same
to the bit however it is cut into blocks, and whenever the inference thread gets to run.

A note's first hop is asked for when its key is struck, and has to be quick. The others
are asked for a hop earlier than they would have to be: what holds the threads up for
some milliseconds is not heard under held notes, only controls come later by a hop.
"""

from __future__ import annotations

import math

from rtaudio_dl.core.counters import HOPS_ASKED
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import load_acquire, record_at, row_at, store_release
from rtaudio_dl.core.ring import push
from rtaudio_dl.core.worker import pause
from rtaudio_dl.engine.layout import IDLE, NONE
from rtaudio_dl.engine.parameters import BEND_RANGE, TUNE, X, Y
from rtaudio_dl.engine.records import THREADED
from rtaudio_dl.kinds.stream.layout import INBOX, LANES, NO_HOP, SHARED, STREAM

_SPARE = 3  # hops that may wait beside those that the latency covers
HOPS_BETWEEN = 8  # places of an inbox that the latency may not take


@rt_kernel
def stream_of(engine, node):
    """A node's memory. [any]"""
    return record_at(engine.nodes[node].state, STREAM)


@rt_kernel
def _is_at_rest(stream, index):
    # What was asked for a note that has ended may still be made.
    lane = stream.lane[index]
    return not lane.taken and load_acquire(stream.lanes_done, index) == lane.asked


@rt_kernel
def lanes_rest(stream):
    """Whether no note and no run uses a node's lanes any more. [audio]"""
    for index in range(LANES):
        if not _is_at_rest(stream, index):
            return False
    return True


@rt_kernel
def take_lane(engine, node, key_index):
    """A lane for a note that is struck now, or NONE if there is none. [audio]"""
    stream = stream_of(engine, node)
    for index in range(LANES):
        if _is_at_rest(stream, index):
            _set_up(engine, node, index, engine.keys[node, key_index])
            return index
    return NONE


@rt_kernel
def _set_up(engine, node, index, key):
    stream = stream_of(engine, node)
    lane = stream.lane[index]
    lane.taken = lane.fresh = 1
    lane.start = engine.master[0].frame
    lane.delay = stream.latency - stream.lag
    lane.next = lane.age = lane.lifted = lane.quiet = lane.gap = 0
    lane.heard = NO_HOP
    lane.number = key.next
    key.next += 1
    lane.x = engine.parameters[node, X]
    lane.y = engine.parameters[node, Y]
    row_at(stream.lines, stream.taps + stream.hop, index)[:] = 0.0
    for place in range(INBOX):
        store_release(stream.inbox_words, index * INBOX + place, NO_HOP)


@rt_kernel
def give_lane(stream, index):
    """A note has ended: its lane is free once its last hop was made. [audio]"""
    stream.lane[index].taken = 0


@rt_kernel
def set_latency(stream, frames):
    """From strike to sound, of the notes to come; those that sound keep theirs."""
    most = (stream.inbox - HOPS_BETWEEN) * stream.hop_frames
    if stream.lag < frames <= most:
        stream.latency = int(frames)


@rt_kernel
def _lift(engine, stream, voice, lane):
    # The envelope hears of it when the model's answer is heard.
    lane.lifted = 1
    lifted, begin = engine.master[0].frame, lane.start + lane.delay
    heard = lifted + lane.delay + stream.lead
    voice.gate = max(voice.gate, heard - max(lifted, begin))


@rt_kernel
def _fill_hop(engine, stream, voice, lane, hop):
    parameters = engine.parameters[voice.node]
    lane.x += stream.glide * (parameters[X] - lane.x)
    lane.y += stream.glide * (parameters[Y] - lane.y)
    bend = engine.channels[voice.channel].bend * parameters[BEND_RANGE]
    hop.node, hop.lane = voice.node, voice.place
    hop.number, hop.fresh = lane.next, lane.fresh
    hop.key, hop.strike = voice.key, lane.number
    hop.pitch = voice.key + parameters[TUNE] + bend
    hop.velocity = voice.velocity
    held = not lane.lifted or lane.next < stream.shortest
    hop.gate = 1.0 if held else 0.0
    hop.x, hop.y = lane.x, lane.y


@rt_kernel
def _ask(engine, stream, voice, lane):
    """Ask for a lane's next hop, unless too many of its hops wait already."""
    shared = record_at(stream.shared, SHARED)
    _fill_hop(engine, stream, voice, lane, shared.hop[0])
    lane.next += 1
    # A worker that is hopelessly late must not spend its time on hops of long ago.
    most = (lane.delay + stream.lead) / stream.hop_frames + _SPARE
    waiting = lane.asked - load_acquire(stream.lanes_done, voice.place)
    while engine.master[0].alone == THREADED and waiting >= most:
        pause(shared.worker[0])
        waiting = lane.asked - load_acquire(stream.lanes_done, voice.place)
    if waiting < most and push(shared.hop_ring, shared.hop_cursors, shared.hop[0]):
        lane.asked += 1
        lane.fresh = 0
        engine.counters[HOPS_ASKED] += 1
        shared.worker[0].wanted = 1


@rt_kernel
def _due(stream, number):
    """Frames from a strike to the one at which a hop of its note is asked for."""
    return max(0, int(math.ceil(number * stream.hop_frames)) - stream.lead)


@rt_kernel
def ask_hops(engine, node, count):
    """Ask for all hops of a node that are due in the next frames. [audio]

    No event happens in these frames but at the first, so the controls of now are those
    of every frame.
    """
    until, stream = engine.master[0].frame + count, stream_of(engine, node)
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if voice.life == IDLE or voice.node != node:
            continue
        lane = stream.lane[voice.place]
        if voice.released and not lane.lifted:
            _lift(engine, stream, voice, lane)
        while lane.start + _due(stream, lane.next) < until:
            _ask(engine, stream, voice, lane)
