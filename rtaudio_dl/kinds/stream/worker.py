"""The inference thread of streams: all hops that wait, made in as few runs as possible.

It is not the thread of `kinds/sound/worker.py`: a hop must be there within
milliseconds, and must not wait for a long sound of another patch. A run makes one hop
for each of up to `BATCH` lanes. What a lane gets does not depend on its company in a batch: that was
tested when the model was set up.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.allowance import begin_work, end_work
from rtaudio_dl.core.counters import (
    FAILED_STREAM_RUNS,
    LONGEST_STREAM_NS,
    MUTED_HOPS,
    STREAM_GAVE_WAY,
    STREAM_HOPS,
    STREAM_NS,
    STREAM_RUNS,
)
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import (
    call2,
    call3,
    call8,
    flush_denormals,
    load_acquire,
    restore_denormals,
    row_at,
    store_release,
    table_at,
)
from rtaudio_dl.core.random import mix, normal
from rtaudio_dl.core.ring import pop_many
from rtaudio_dl.engine.layout import NONE
from rtaudio_dl.engine.schedule import now
from rtaudio_dl.kinds.sound.worker import LOUDEST
from rtaudio_dl.kinds.stream.layout import BATCH, INBOX, LANES, MUTED

_CORNERS = 4


@rt_kernel
def _is_in_batch(engine, lane, size):
    for row in range(size):
        if engine.hops_taken[engine.batch[row]].lane == lane:
            return True
    return False


@rt_kernel
def _choose_batch(engine, first, count):
    """Put the patch's oldest requests into `Engine.batch`; how many there are.

    A lane's next hop needs the states that its last one leaves: one hop of each.
    """
    patch_index, size = engine.hops_taken[first].lane // LANES, 0
    for i in range(first, count):
        lane = engine.hops_taken[i].lane
        ours = lane != NONE and lane // LANES == patch_index
        if ours and size < BATCH and not _is_in_batch(engine, lane, size):
            engine.batch[size] = i
            size += 1
    return size


@rt_kernel
def _mix_timbre(stream, row, x, y):
    """Fill a row of the timbre input: bilinear between the four corners."""
    size = stream.timbre_size
    corners = table_at(stream.corners, _CORNERS, size)
    timbre = row_at(stream.timbre, size, row)
    for i in range(size):
        low = corners[0, i] + x * (corners[1, i] - corners[0, i])
        high = corners[2, i] + x * (corners[3, i] - corners[2, i])
        timbre[i] = low + y * (high - low)


@rt_kernel
def _draw_noise(engine, stream, row, hop):
    """Fill a row of the noise input: N(0, 1), a pure function of note and hop."""
    seed = engine.patches[hop.lane // LANES].seed
    stream_seed = mix(mix(mix(mix(seed, 0), hop.key), hop.strike), hop.number)
    noise = row_at(stream.noise, stream.noise_size, row)
    for i in range(stream.noise_size):
        noise[i] = normal(stream_seed, i)


@rt_kernel
def _give_controls(engine, stream, row, hop):
    if stream.pitch != 0:
        row_at(stream.pitch, 1, row)[0] = hop.pitch
    if stream.velocity != 0:
        row_at(stream.velocity, 1, row)[0] = hop.velocity
    if stream.gate != 0:
        row_at(stream.gate, 1, row)[0] = hop.gate
    if stream.timbre != 0:
        _mix_timbre(stream, row, hop.x, hop.y)
    if stream.noise != 0:
        _draw_noise(engine, stream, row, hop)


@rt_kernel
def _give_states(stream, row, lane, fresh):
    """Copy a lane's states to its row of the batch, zeros for a new note."""
    kept = row_at(stream.states, stream.state_size, lane % LANES)
    if fresh:
        kept[:] = 0.0
    offset = 0
    for k in range(stream.state_count):
        size = stream.state_sizes[k]
        given = row_at(stream.states_in[k], size, row)
        for i in range(size):
            given[i] = kept[offset + i]
        offset += size


@rt_kernel
def _keep_states(stream, row, lane, heard):
    """Copy what a run left for a lane back; after no sound a lane begins anew."""
    kept = row_at(stream.states, stream.state_size, lane % LANES)
    offset = 0
    for k in range(stream.state_count):
        size = stream.state_sizes[k]
        taken = row_at(stream.states_out[k], size, row)
        for i in range(size):
            kept[offset + i] = taken[i] if heard else np.float32(0.0)
        offset += size


@rt_kernel
def run_batch(stream, size):
    """The bare call of a stream's model for ``size`` lanes; whether it ran. [worker]"""
    which = (size + stream.grain - 1) // stream.grain - 1
    status = call8(
        stream.run,
        stream.session,
        0,
        stream.input_names,
        stream.input_values + np.uintp(8 * which * stream.inputs),
        np.uintp(stream.inputs),
        stream.output_names,
        np.uintp(stream.outputs),
        stream.output_values + np.uintp(8 * which * stream.outputs),
    )
    if status != 0:
        call2(stream.release_status, status, 0)
    return status == 0


@rt_kernel
def _deliver(engine, stream, row, hop, ran):
    """Put a lane's hop into its inbox, if it is a sound, and publish it."""
    made = row_at(stream.audio, stream.hop, row)
    heard = ran
    for i in range(stream.hop):
        if not abs(made[i]) <= LOUDEST:  # NaN compares false
            heard = False
    place = hop.number % stream.inbox
    came = row_at(stream.inboxes, stream.hop, stream.inbox * (hop.lane % LANES) + place)
    for i in range(stream.hop):
        came[i] = made[i]
    _keep_states(stream, row, hop.lane, heard)
    engine.stream_counters[MUTED_HOPS] += ran and not heard
    said = hop.number if heard else MUTED - hop.number
    store_release(engine.inbox, hop.lane * INBOX + place, said)
    done = engine.lanes_done[hop.lane]
    store_release(engine.lanes_done, hop.lane, done + 1)


@rt_kernel
def _serve_batch(engine, size):
    counters, allowance = engine.stream_counters, engine.stream_allowance[0]
    began = now(engine, engine.stream_ticks)
    counters[STREAM_GAVE_WAY] += begin_work(allowance, began, 0)
    stream = engine.streams[engine.hops_taken[engine.batch[0]].lane // LANES]
    for row in range(size):
        hop = engine.hops_taken[engine.batch[row]]
        _give_controls(engine, stream, row, hop)
        _give_states(stream, row, hop.lane, hop.fresh)
    ran = run_batch(stream, size)
    counters[FAILED_STREAM_RUNS] += not ran
    for row in range(size):
        hop = engine.hops_taken[engine.batch[row]]
        _deliver(engine, stream, row, hop, ran)
        hop.lane = NONE
    ended = now(engine, engine.stream_ticks)
    end_work(allowance, ended)
    took = ended - began
    counters[STREAM_RUNS] += 1
    counters[STREAM_HOPS] += size
    counters[STREAM_NS] += took
    counters[LONGEST_STREAM_NS] = max(counters[LONGEST_STREAM_NS], took)


@rt_kernel
def serve_streams(engine):
    """Make every hop that is asked for; returns how many there were. [worker]"""
    mode = flush_denormals()
    served = 0
    while True:
        count = pop_many(engine.hop_ring, engine.hop_cursors, engine.hops_taken)
        if count == 0:
            break
        for first in range(count):
            while engine.hops_taken[first].lane != NONE:
                _serve_batch(engine, _choose_batch(engine, first, count))
        served += count
    restore_denormals(mode)
    return served


@rt_kernel
def work_streams(engine):
    """Serve for ever, until `Engine.stop` is set and the semaphore posted. [worker]"""
    master = engine.master[0]
    while load_acquire(engine.stop, 0) == 0:
        if serve_streams(engine) == 0:
            call3(master.wait_address, master.stream_semaphore, 0xFFFFFFFFFFFFFFFF, 0)
