"""The inference thread of streams: all hops that wait, made in as few runs as possible.

It is not the thread of `kinds/sound/worker.py`: a hop must be there within
milliseconds, and must not wait for a long sound of another patch. A run makes one hop
for each of up to `BATCH` lanes. What a lane gets does not depend on its company in a
batch: that was tested when the model was set up.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.counters import WORKER_FAILED_RUNS, WORKER_MADE, WORKER_MUTED
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import (
    flush_denormals,
    load_acquire,
    restore_denormals,
    row_at,
    store_release,
    table_at,
)
from rtaudio_dl.core.random import mix, normal
from rtaudio_dl.core.ring import WRITE, pop_many
from rtaudio_dl.core.run import run_with
from rtaudio_dl.core.worker import (
    await_done,
    begin_job,
    end_job,
    goes_on,
    is_threaded,
    sleep,
    tell_done,
)
from rtaudio_dl.engine.layout import NONE
from rtaudio_dl.engine.records import LOUDEST
from rtaudio_dl.kinds.stream.lanes import stream_of
from rtaudio_dl.kinds.stream.layout import BATCH, INBOX, MUTED

_CORNERS = 4


@rt_kernel
def _is_in_batch(shared, lane, size):
    for row in range(size):
        if shared.hops_taken[shared.batch[row]].lane == lane:
            return True
    return False


@rt_kernel
def _choose_batch(shared, first, count):
    """Put a node's oldest requests into `SHARED.batch`; how many there are.

    A lane's next hop needs the states that its last one leaves: one hop of each.
    """
    node, size = shared.hops_taken[first].node, 0
    for i in range(first, count):
        hop = shared.hops_taken[i]
        ours = hop.lane != NONE and hop.node == node
        if ours and size < BATCH and not _is_in_batch(shared, hop.lane, size):
            shared.batch[size] = i
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
def _draw_noise(stream, row, hop):
    """Fill a row of the noise input: N(0, 1), a pure function of note and hop."""
    stream_seed = mix(mix(mix(mix(stream.seed, 0), hop.key), hop.strike), hop.number)
    noise = row_at(stream.noise, stream.noise_size, row)
    for i in range(stream.noise_size):
        noise[i] = normal(stream_seed, i)


@rt_kernel
def _give_controls(stream, row, hop):
    if stream.pitch != 0:
        row_at(stream.pitch, 1, row)[0] = hop.pitch
    if stream.velocity != 0:
        row_at(stream.velocity, 1, row)[0] = hop.velocity
    if stream.gate != 0:
        row_at(stream.gate, 1, row)[0] = hop.gate
    if stream.timbre != 0:
        _mix_timbre(stream, row, hop.x, hop.y)
    if stream.noise != 0:
        _draw_noise(stream, row, hop)


@rt_kernel
def _give_states(stream, row, lane, fresh):
    """Copy a lane's states to its row of the batch, zeros for a new note."""
    kept = row_at(stream.states, stream.state_size, lane)
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
    kept = row_at(stream.states, stream.state_size, lane)
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
    model = stream.model[0]
    row = (size + stream.grain - 1) // stream.grain - 1
    inputs = model.input_values + np.uintp(8 * row * np.int64(model.inputs))
    outputs = model.output_values + np.uintp(8 * row * np.int64(model.outputs))
    return run_with(model, inputs, outputs)


@rt_kernel
def _deliver(stream, worker, row, hop, ran):
    """Put a lane's hop into its inbox, if it is a sound, and publish it."""
    made = row_at(stream.audio, stream.hop, row)
    heard = ran
    for i in range(stream.hop):
        if not abs(made[i]) <= LOUDEST:  # NaN compares false
            heard = False
    place = hop.number % stream.inbox
    came = row_at(stream.inboxes, stream.hop, stream.inbox * hop.lane + place)
    for i in range(stream.hop):
        came[i] = made[i]
    _keep_states(stream, row, hop.lane, heard)
    worker.counters[WORKER_MUTED] += ran and not heard
    said = hop.number if heard else MUTED - hop.number
    store_release(stream.inbox_words, hop.lane * INBOX + place, said)
    done = stream.lanes_done[hop.lane]
    store_release(stream.lanes_done, hop.lane, done + 1)
    tell_done(worker, 1)


@rt_kernel
def _serve_batch(engine, shared, size):
    worker = shared.worker[0]
    begin_job(worker, 0)
    stream = stream_of(engine, shared.hops_taken[shared.batch[0]].node)
    for row in range(size):
        hop = shared.hops_taken[shared.batch[row]]
        _give_controls(stream, row, hop)
        _give_states(stream, row, hop.lane, hop.fresh)
    ran = run_batch(stream, size)
    worker.counters[WORKER_FAILED_RUNS] += not ran
    worker.counters[WORKER_MADE] += size
    for row in range(size):
        hop = shared.hops_taken[shared.batch[row]]
        _deliver(stream, worker, row, hop, ran)
        hop.lane = NONE
    end_job(worker)


@rt_kernel
def serve_hops(engine, shared):
    """Make every hop that is asked for; returns how many there were. [worker]"""
    mode = flush_denormals()
    served = 0
    while True:
        count = pop_many(shared.hop_ring, shared.hop_cursors, shared.hops_taken)
        if count == 0:
            break
        for first in range(count):
            while shared.hops_taken[first].lane != NONE:
                _serve_batch(engine, shared, _choose_batch(shared, first, count))
        served += count
    restore_denormals(mode)
    return served


@rt_kernel
def await_hops(engine, shared):
    """Have every hop made that was asked for, by the thread or here. [control]"""
    worker = shared.worker[0]
    if not is_threaded(worker):
        return serve_hops(engine, shared)
    await_done(worker, load_acquire(shared.hop_cursors, WRITE))
    return 0


@rt_kernel
def work_hops(engine, shared):
    """Serve for ever, until the worker is stopped and woken. [worker]"""
    worker = shared.worker[0]
    while goes_on(worker):
        if serve_hops(engine, shared) == 0:
            sleep(worker)
