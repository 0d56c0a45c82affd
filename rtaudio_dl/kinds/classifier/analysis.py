"""The analysis thread: input frames in, windows through a model, what changed out.

As the inference thread it calls ONNX Runtime's C API on memory that was bound
beforehand, and waits on a semaphore of its own: no Python runs between a word and the
note that it plays. Files go through the very same kernels.
"""

from __future__ import annotations

import math

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
from rtaudio_dl.engine.input import INPUTS, PIECE, hear_piece
from rtaudio_dl.engine.records import MASTER
from rtaudio_dl.kinds.classifier.detector import detect, end_all
from rtaudio_dl.kinds.classifier.layout import EARS, SIGMOID, SOFTMAX, TRACE

_SANE = 1e30  # no score gets here


@rt_kernel
def _carry_states(ears, kept):
    """What came out goes in with the next hop; zeros if it is not to be kept."""
    for i in range(ears.ear[0].state_count):
        state = ears.states[i]
        given = floats_at(state.given, state.words)
        taken = floats_at(state.taken, state.words)
        for word in range(state.words):
            given[word] = taken[word] if kept else np.float32(0.0)


@rt_kernel
def _take_scores(ears):
    """Make probabilities of the model's scores; False if one is no number."""
    ear = ears.ear[0]
    scores = ears.scores[: ear.labels]
    given = floats_at(ear.scores, scores.size)
    highest = -_SANE
    for i in range(scores.size):
        if not abs(given[i]) < _SANE:  # NaN compares false
            return False
        scores[i] = given[i]
        highest = max(highest, scores[i])
    total = 0.0
    for i in range(scores.size):
        if ear.activation == SOFTMAX:
            scores[i] = math.exp(scores[i] - highest)
        elif ear.activation == SIGMOID:
            scores[i] = 1.0 / (1.0 + math.exp(-scores[i]))
        total += scores[i]
    if ear.activation == SOFTMAX:
        for i in range(scores.size):
            scores[i] /= total
    return True


@rt_kernel
def _level_of(ear):
    window, level = floats_at(ear.audio, ear.audio_size), np.float32(0.0)
    for value in window:
        level = max(level, abs(value))
    return level


@rt_kernel
def _tell(ears, count):
    """Publish what was found, and play its notes."""
    ear = ears.ear[0]
    for i in range(count):
        detection = ears.found[i]
        if detection.on:
            detection.level = _level_of(ear)
            ears.counters[DETECTIONS] += 1
        if ear.patience > 0:
            detection.published = record_at(ear.clock, MASTER).frame
        trigger, event = ears.triggers[detection.label], ears.event[0]
        key = load_acquire(ears.trigger_keys, detection.label)
        ring = records_at(ear.note_ring, RING_SIZE, EVENT)
        cursors = words_at(ear.note_cursors, CURSORS)
        play(trigger, key, detection, event, ring, cursors, AT_ONCE)
        push(ears.ring, ears.cursors, detection)


@rt_kernel
def _publish_scores(ears, frame):
    ear = ears.ear[0]
    row = doubles_at(ear.trace_row, 1, ear.labels + 1)
    row[0, 0] = frame
    for i in range(ear.labels):
        ears.smoothed[i] = row[0, i + 1] = ears.classes[i].smoothed
    if load_acquire(ears.traced, 0):
        ring = doubles_at(ear.trace_ring, TRACE, ear.labels + 1)
        write_frames(ring, ears.trace_cursors, row, 1)


@rt_kernel
def _analyse_window(ears):
    ear, step = ears.ear[0], ears.resampler[0]
    worker = ears.worker[0]
    begin_job(worker, ear.long)
    ran = run_model(ear.model[0])
    finite = ran and _take_scores(ears)
    _carry_states(ears, finite)
    worker.counters[WORKER_FAILED_RUNS] += not ran
    worker.counters[WORKER_MUTED] += ran and not finite
    if finite:
        # Which frames the window stands on; the filter looks half its length ahead.
        newest = (ear.made - 1) * step.down // step.up
        oldest = (ear.made - ear.audio_size) * step.down // step.up
        frame = ear.start + newest + step.taps // 2 + 1
        begin = max(ear.start, ear.start + oldest)
        found = detect(
            ears.detector,
            ears.classes[: ear.labels],
            ears.scores[: ear.labels],
            frame,
            begin,
            ears.found[: ear.labels],
        )
        _publish_scores(ears, frame)
        _tell(ears, found)
    end_job(worker)


@rt_kernel
def _end_hop(ears):
    """Move the window on by the hop that is whole now, and look at it."""
    ear = ears.ear[0]
    hop = floats_at(ear.hop, ear.hop_size)
    waiting = readable(record_at(ear.source, INPUTS).input_cursors)
    window = floats_at(ear.audio, ear.audio_size)
    kept = window.size - hop.size
    for i in range(kept):
        window[i] = window[i + hop.size]
    for i in range(hop.size):
        window[kept + i] = hop[i]
    ear.filled = 0
    ears.counters[HOPS] += 1
    # A model slower than its hops leaves some out, and goes on with the newest sound.
    if ear.patience > 0 and waiting > ear.patience:
        ears.counters[DROPPED_HOPS] += 1
    else:
        _analyse_window(ears)


@rt_kernel
def _without_dc(ear, value):
    if ear.dc_pole == 0.0:
        return value
    ear.dc_out = value - ear.dc_in + ear.dc_pole * ear.dc_out
    ear.dc_in = value
    return np.float32(ear.dc_out)


@rt_kernel
def analyse(ears, frames, count):
    """Take up to `CHUNK` frames of input, float32 (frames, 1). [worker]"""
    ear = ears.ear[0]
    if ear.model[0].session == 0:  # onsets alone
        ear.frame += count
        return
    resampled = floats_at(ear.resampled, ear.resampled_size)
    hop = floats_at(ear.hop, ear.hop_size)
    made = resample(
        ears.resampler,
        floats_at(ear.filters, ear.filters_size),
        floats_at(ear.history, ear.history_size),
        frames,
        count,
        resampled,
    )
    ear.frame += count
    for i in range(made):
        hop[ear.filled] = _without_dc(ear, resampled[i])
        ear.filled += 1
        ear.made += 1
        if ear.filled == hop.size:
            _end_hop(ears)


@rt_kernel
def begin_at(ears, frame):
    """Begin anew, with silence before ``frame``; the detector goes on. [worker]"""
    ear, resampler = ears.ear[0], ears.resampler[0]
    ear.start = ear.frame = frame
    ear.made = ear.filled = 0
    ear.dc_in = ear.dc_out = 0.0
    resampler.held = resampler.next = max(0, resampler.taps // 2 - 1)
    resampler.rest = 0
    floats_at(ear.history, ear.history_size)[:] = np.float32(0.0)
    window = floats_at(ear.audio, ear.audio_size)
    window[:] = np.float32(0.0)
    _carry_states(ears, False)


@rt_kernel
def take_chunk(ears):
    """Analyse the next frames of the input ring; how many there were. [worker]"""
    ear = ears.ear[0]
    inputs = record_at(ear.source, INPUTS)
    ring, cursors = inputs.input_ring, inputs.input_cursors
    lost = load_acquire(cursors, DROPPED)
    if lost != ear.lost:
        # So far behind that the ring was full: what it still holds is stale.
        while read_frames(ring, cursors, ears.chunk) > 0:
            pass
        ears.counters[GAPS] += 1
        ear.lost, ear.began = lost, 0
    place = cursors[READ]
    count = read_frames(ring, cursors, ears.chunk)
    if count > 0:
        if not ear.began:
            ear.began = 1
            begin_at(ears, place + load_acquire(inputs.input_offset, 0))
        analyse(ears, ears.chunk, count)
    return count


@rt_kernel
def listen(ears):
    """Analyse for ever, until the worker is stopped and woken. [worker]"""
    worker = ears.worker[0]
    mode = flush_denormals()
    while goes_on(worker):
        if take_chunk(ears) == 0:
            sleep(worker)
    restore_denormals(mode)


@rt_kernel
def hear_file(ears, frames):
    """Take float32 (frames, channels) of a file, as the threads do. [control]"""
    mode = flush_denormals()
    inputs = record_at(ears.ear[0].source, INPUTS)
    done = 0
    while done < frames.shape[0]:
        count = min(frames.shape[0] - done, PIECE)
        hear_piece(inputs, frames, done, count, ears.ear[0].frame)
        analyse(ears, inputs.mono, count)
        done += count
    restore_denormals(mode)


@rt_kernel
def end_file(ears):
    """End every label that is on, where the file ends. [control]"""
    ear = ears.ear[0]
    classes, found = ears.classes[: ear.labels], ears.found[: ear.labels]
    _tell(ears, end_all(classes, ear.frame, found, 0))


@rt_entry("vp")
def listen_for_ever(ears):
    """`listen` for a native thread. [worker]"""
    listen(record_at(ears, EARS))


@rt_entry("vppww")
def take_file(ears, frames, count, channels):
    """`hear_file` for Python. [control]"""
    hear_file(record_at(ears, EARS), table_at(frames, count, channels))


@rt_entry("vp")
def finish_file(ears):
    """`end_file` for Python. [control]"""
    end_file(record_at(ears, EARS))
