"""The analysis thread: input frames in, windows through a model, what changed out.

As the inference thread it calls ONNX Runtime's C API on memory that was bound
beforehand, and waits on a semaphore of its own: no Python runs between a word and the
note that it plays. Files go through the very same kernels.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.counters import (
    DETECTIONS,
    DROPPED_HOPS,
    GAPS,
    HOPS,
    WORKER_FAILED_RUNS,
    WORKER_MUTED,
)
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import (
    doubles_at,
    floats_at,
    flush_denormals,
    load_acquire,
    record_at,
    records_at,
    restore_denormals,
    table_at,
    words_at,
)
from rtaudio_dl.core.ring import (
    CURSORS,
    DROPPED,
    READ,
    push,
    read_frames,
    readable,
    write_frames,
)
from rtaudio_dl.core.run import run_model
from rtaudio_dl.core.worker import begin_job, end_job, goes_on, sleep
from rtaudio_dl.dsp.rational_resampler import resample
from rtaudio_dl.engine.detection import play
from rtaudio_dl.engine.events import AT_ONCE, EVENT, RING_SIZE
from rtaudio_dl.engine.input import INPUTS, PIECE, take_piece
from rtaudio_dl.engine.records import MASTER
from rtaudio_dl.engine.telemetry import tell_detection
from rtaudio_dl.kinds.classifier.detector import detect, end_all
from rtaudio_dl.kinds.classifier.layout import ANALYSIS, TRACE
from rtaudio_dl.kinds.classifier.scores import take_scores


@rt_kernel
def _carry_states(analysis, kept):
    """What came out goes in with the next hop; zeros if it is not to be kept."""
    for i in range(analysis.state[0].state_count):
        carried = analysis.states[i]
        given = floats_at(carried.given, carried.words)
        taken = floats_at(carried.taken, carried.words)
        for word in range(carried.words):
            given[word] = taken[word] if kept else np.float32(0.0)


@rt_kernel
def _level_of(state):
    window, level = floats_at(state.audio, state.audio_size), np.float32(0.0)
    for value in window:
        level = max(level, abs(value))
    return level


@rt_kernel
def _tell(analysis, count):
    """Publish what was found, and play its notes."""
    state = analysis.state[0]
    for i in range(count):
        detection = analysis.found[i]
        if detection.on:
            detection.level = _level_of(state)
            analysis.counters[DETECTIONS] += 1
        if state.patience > 0:
            detection.published = record_at(state.clock, MASTER).frame
        trigger, event = analysis.triggers[detection.label], analysis.event[0]
        key = load_acquire(analysis.trigger_keys, detection.label)
        ring = records_at(state.note_ring, RING_SIZE, EVENT)
        cursors = words_at(state.note_cursors, CURSORS)
        play(trigger, key, detection, event, ring, cursors, AT_ONCE)
        push(analysis.ring, analysis.cursors, detection)
        tell_detection(state.telemetry, detection)


@rt_kernel
def _publish_scores(analysis, frame):
    state = analysis.state[0]
    row = doubles_at(state.trace_row, 1, state.labels + 1)
    row[0, 0] = frame
    for i in range(state.labels):
        analysis.smoothed[i] = row[0, i + 1] = analysis.classes[i].smoothed
    if load_acquire(analysis.traced, 0):
        ring = doubles_at(state.trace_ring, TRACE, state.labels + 1)
        write_frames(ring, analysis.trace_cursors, row, 1)


@rt_kernel
def _analyse_window(analysis):
    state, step = analysis.state[0], analysis.resampler[0]
    worker = analysis.worker[0]
    begin_job(worker, state.long)
    ran = run_model(state.model[0])
    finite = ran and take_scores(analysis)
    _carry_states(analysis, finite)
    worker.counters[WORKER_FAILED_RUNS] += not ran
    worker.counters[WORKER_MUTED] += ran and not finite
    if finite:
        # Which frames the window stands on; the filter looks half its length ahead.
        newest = (state.made - 1) * step.down // step.up
        oldest = (state.made - state.audio_size) * step.down // step.up
        frame = state.start + newest + step.taps // 2 + 1
        begin = max(state.start, state.start + oldest)
        found = detect(
            analysis.detector,
            analysis.classes[: state.labels],
            analysis.scores[: state.labels],
            frame,
            begin,
            analysis.found[: state.labels],
        )
        _publish_scores(analysis, frame)
        _tell(analysis, found)
    end_job(worker)


@rt_kernel
def _end_hop(analysis):
    """Move the window on by the hop that is whole now, and look at it."""
    state = analysis.state[0]
    hop = floats_at(state.hop, state.hop_size)
    waiting = readable(record_at(state.source, INPUTS).input_cursors)
    window = floats_at(state.audio, state.audio_size)
    kept = window.size - hop.size
    for i in range(kept):
        window[i] = window[i + hop.size]
    for i in range(hop.size):
        window[kept + i] = hop[i]
    state.filled = 0
    analysis.counters[HOPS] += 1
    # A model slower than its hops leaves some out, and goes on with the newest sound.
    if state.patience > 0 and waiting > state.patience:
        analysis.counters[DROPPED_HOPS] += 1
    else:
        _analyse_window(analysis)


@rt_kernel
def _without_dc(state, value):
    if state.dc_pole == 0.0:
        return value
    state.dc_out = value - state.dc_in + state.dc_pole * state.dc_out
    state.dc_in = value
    return np.float32(state.dc_out)


@rt_kernel
def analyse(analysis, frames, count):
    """Take up to `CHUNK` frames of input, float32 (frames, 1). [worker]"""
    state = analysis.state[0]
    if state.model[0].session == 0:  # onsets alone
        state.frame += count
        return
    resampled = floats_at(state.resampled, state.resampled_size)
    hop = floats_at(state.hop, state.hop_size)
    made = resample(
        analysis.resampler,
        floats_at(state.filters, state.filters_size),
        floats_at(state.history, state.history_size),
        frames,
        count,
        resampled,
    )
    state.frame += count
    for i in range(made):
        hop[state.filled] = _without_dc(state, resampled[i])
        state.filled += 1
        state.made += 1
        if state.filled == hop.size:
            _end_hop(analysis)


@rt_kernel
def begin_at(analysis, frame):
    """Begin anew, with silence before ``frame``; the detector goes on. [worker]"""
    state, resampler = analysis.state[0], analysis.resampler[0]
    state.start = state.frame = frame
    state.made = state.filled = 0
    state.dc_in = state.dc_out = 0.0
    resampler.held = resampler.next = max(0, resampler.taps // 2 - 1)
    resampler.rest = 0
    floats_at(state.history, state.history_size)[:] = np.float32(0.0)
    window = floats_at(state.audio, state.audio_size)
    window[:] = np.float32(0.0)
    _carry_states(analysis, False)


@rt_kernel
def take_chunk(analysis):
    """Analyse the next frames of the input ring; how many there were. [worker]"""
    state = analysis.state[0]
    inputs = record_at(state.source, INPUTS)
    ring, cursors = inputs.input_ring, inputs.input_cursors
    lost = load_acquire(cursors, DROPPED)
    if lost != state.lost:
        # So far behind that the ring was full: what it still holds is stale.
        while read_frames(ring, cursors, analysis.chunk) > 0:
            pass
        analysis.counters[GAPS] += 1
        state.lost, state.began = lost, 0
    place = cursors[READ]
    count = read_frames(ring, cursors, analysis.chunk)
    if count > 0:
        if not state.began:
            state.began = 1
            begin_at(analysis, place + load_acquire(inputs.input_offset, 0))
        analyse(analysis, analysis.chunk, count)
    return count


@rt_kernel
def listen(analysis):
    """Analyse for ever, until the worker is stopped and woken. [worker]"""
    worker = analysis.worker[0]
    mode = flush_denormals()
    while goes_on(worker):
        if take_chunk(analysis) == 0:
            sleep(worker)
    restore_denormals(mode)


@rt_kernel
def analyse_file(analysis, frames):
    """Take float32 (frames, channels) of a file, as the threads do. [control]"""
    mode = flush_denormals()
    inputs = record_at(analysis.state[0].source, INPUTS)
    done = 0
    while done < frames.shape[0]:
        count = min(frames.shape[0] - done, PIECE)
        take_piece(inputs, frames, done, count, analysis.state[0].frame)
        analyse(analysis, inputs.mono, count)
        done += count
    restore_denormals(mode)


@rt_kernel
def end_file(analysis):
    """End every label that is on, where the file ends. [control]"""
    state = analysis.state[0]
    classes, found = analysis.classes[: state.labels], analysis.found[: state.labels]
    _tell(analysis, end_all(classes, state.frame, found, 0))


@rt_entry("vp")
def listen_for_ever(analysis):
    """`listen` for a native thread. [worker]"""
    listen(record_at(analysis, ANALYSIS))


@rt_entry("vppww")
def take_file(analysis, frames, count, channels):
    """`analyse_file` for Python. [control]"""
    analyse_file(record_at(analysis, ANALYSIS), table_at(frames, count, channels))


@rt_entry("vp")
def finish_file(analysis):
    """`end_file` for Python. [control]"""
    end_file(record_at(analysis, ANALYSIS))
