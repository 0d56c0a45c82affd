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
from rtaudio_dl.core.native import call3, load_acquire, row_at, store_release
from rtaudio_dl.core.ring import push
from rtaudio_dl.engine.layout import BEND_RANGE, IDLE, NONE, TUNE, X, Y
from rtaudio_dl.kinds.stream.layout import INBOX, LANES, NO_HOP

_SPARE = 3  # hops that may wait beside those that the latency covers


@rt_kernel
def _is_at_rest(engine, index):
    # What was asked for a note that has ended may still be made.
    lane = engine.lanes[index]
    return not lane.taken and load_acquire(engine.lanes_done, index) == lane.asked


@rt_kernel
def lanes_rest(engine, patch_index):
    """Whether no note and no run uses a patch's lanes any more. [audio]"""
    for index in range(patch_index * LANES, (patch_index + 1) * LANES):
        if not _is_at_rest(engine, index):
            return False
    return True


@rt_kernel
def take_lane(engine, patch_index, key_index):
    """A lane for a note that is struck now, or NONE if there is none. [audio]"""
    for index in range(patch_index * LANES, (patch_index + 1) * LANES):
        if _is_at_rest(engine, index):
            _set_up(engine, index, engine.keys[patch_index, key_index])
            return index
    return NONE


@rt_kernel
def _set_up(engine, index, key):
    lane, patch_index = engine.lanes[index], index // LANES
    stream = engine.streams[patch_index]
    lane.taken = lane.fresh = 1
    lane.start = engine.master[0].frame
    lane.delay = stream.latency - stream.lag
    lane.next = lane.age = lane.lifted = lane.quiet = lane.gap = 0
    lane.heard = NO_HOP
    lane.number = key.next
    key.next += 1
    lane.x = engine.parameters[patch_index, X]
    lane.y = engine.parameters[patch_index, Y]
    row_at(stream.lines, stream.taps + stream.hop, index % LANES)[:] = 0.0
    for place in range(INBOX):
        store_release(engine.inbox, index * INBOX + place, NO_HOP)


@rt_kernel
def give_lane(engine, index):
    """A note has ended: its lane is free once its last hop was made. [audio]"""
    if index != NONE:
        engine.lanes[index].taken = 0


@rt_kernel
def _lift(engine, voice, lane):
    # The envelope hears of it when the model's answer is heard.
    lane.lifted = 1
    lifted, begin = engine.master[0].frame, lane.start + lane.delay
    heard = lifted + lane.delay + engine.streams[voice.patch].lead
    voice.gate = max(voice.gate, heard - max(lifted, begin))


@rt_kernel
def _fill_hop(engine, voice, lane, hop):
    stream = engine.streams[voice.patch]
    parameters = engine.parameters[voice.patch]
    lane.x += stream.glide * (parameters[X] - lane.x)
    lane.y += stream.glide * (parameters[Y] - lane.y)
    bend = engine.channels[voice.channel].bend * parameters[BEND_RANGE]
    hop.lane, hop.number, hop.fresh = voice.lane, lane.next, lane.fresh
    hop.key, hop.strike = voice.key, lane.number
    hop.pitch = voice.key + parameters[TUNE] + bend
    hop.velocity = voice.velocity
    held = not lane.lifted or lane.next < stream.shortest
    hop.gate = 1.0 if held else 0.0
    hop.x, hop.y = lane.x, lane.y


@rt_kernel
def _ask(engine, voice, lane):
    """Ask for a lane's next hop, unless too many of its hops wait already."""
    _fill_hop(engine, voice, lane, engine.hop[0])
    lane.next += 1
    # A worker that is hopelessly late must not spend its time on hops of long ago.
    waiting = lane.asked - load_acquire(engine.lanes_done, voice.lane)
    stream = engine.streams[voice.patch]
    most = (lane.delay + stream.lead) / stream.hop_frames + _SPARE
    if waiting < most and push(engine.hop_ring, engine.hop_cursors, engine.hop[0]):
        lane.asked += 1
        lane.fresh = 0
        engine.counters[HOPS_ASKED] += 1
        return 1
    return 0


@rt_kernel
def _due(stream, number):
    """Frames from a strike to the one at which a hop of its note is asked for."""
    return max(0, int(math.ceil(number * stream.hop_frames)) - stream.lead)


@rt_kernel
def ask_hops(engine, count):
    """Ask for all hops that are due in the next frames; how many there were. [audio]

    No event happens in these frames but at the first, so the controls of now are those
    of every frame.
    """
    until, asked = engine.master[0].frame + count, 0
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if voice.life == IDLE or voice.lane == NONE:
            continue
        lane = engine.lanes[voice.lane]
        if voice.released and not lane.lifted:
            _lift(engine, voice, lane)
        while lane.start + _due(engine.streams[voice.patch], lane.next) < until:
            asked += _ask(engine, voice, lane)
    return asked


@rt_kernel
def wake_worker(engine):
    """Tell the inference thread of streams that hops wait. [audio]"""
    master = engine.master[0]
    if master.post_address != 0:
        call3(master.post_address, master.stream_semaphore, 1, 0)
