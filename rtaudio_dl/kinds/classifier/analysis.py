"""The analysis thread: input frames in, windows through a model, what changed out.

As the inference thread it calls ONNX Runtime's C API on memory that was bound
beforehand, and waits on a semaphore of its own: no Python runs between a word and the
note that it plays. Files go through the very same kernels.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.allowance import begin_work, end_work
from rtaudio_dl.core.counters import (
    ANALYSES,
    ANALYSIS_GAVE_WAY,
    ANALYSIS_NS,
    DETECTIONS,
    DROPPED_HOPS,
    FAILED_ANALYSES,
    GAPS,
    HOPS,
    LONGEST_ANALYSIS_NS,
    MUTED_SCORES,
)
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import (
    call2,
    call3,
    call8,
    floats_at,
    flush_denormals,
    load_acquire,
    restore_denormals,
)
from rtaudio_dl.core.ring import (
    DROPPED,
    READ,
    push,
    read_frames,
    readable,
    write_frames,
)
from rtaudio_dl.dsp.rational_resampler import resample
from rtaudio_dl.engine.detection import play
from rtaudio_dl.engine.events import AT_ONCE
from rtaudio_dl.engine.input import PIECE, hear_piece
from rtaudio_dl.engine.schedule import now
from rtaudio_dl.kinds.classifier.detector import detect, end_all
from rtaudio_dl.kinds.classifier.layout import SIGMOID, SOFTMAX

_SANE = 1e30  # no score gets here


@rt_kernel
def _run_model(ear):
    status = call8(
        ear.run,
        ear.session,
        np.uintp(0),
        ear.input_names,
        ear.input_values,
        ear.inputs,
        ear.output_names,
        ear.outputs,
        ear.output_values,
    )
    if status != 0:
        call2(ear.release_status, status, np.uintp(0))
    return status == 0


@rt_kernel
def _carry_states(ears, kept):
    """What came out goes in with the next hop; zeros if it is not to be kept."""
    for i in range(ears.states.size):
        state = ears.states[i]
        given = floats_at(state.given, state.words)
        taken = floats_at(state.taken, state.words)
        for word in range(state.words):
            given[word] = taken[word] if kept else np.float32(0.0)


@rt_kernel
def _take_scores(ears):
    """Make probabilities of the model's scores; False if one is no number."""
    ear, scores = ears.ear[0], ears.scores
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
            detection.published = ears.master[0].frame
        trigger, event = ears.triggers[detection.label], ears.event[0]
        key = load_acquire(ears.trigger_keys, detection.label)
        ring, cursors = ears.ear_ring, ears.ear_cursors
        play(trigger, key, detection, event, ring, cursors, AT_ONCE)
        push(ears.ring, ears.cursors, detection)


@rt_kernel
def _publish_scores(ears, frame):
    ears.trace_row[0, 0] = frame
    for i in range(ears.classes.size):
        ears.smoothed[i] = ears.trace_row[0, i + 1] = ears.classes[i].smoothed
    if load_acquire(ears.traced, 0):
        write_frames(ears.trace_ring, ears.trace_cursors, ears.trace_row, 1)


@rt_kernel
def _analyse_window(ears):
    ear, counters, step = ears.ear[0], ears.counters, ears.resampler[0]
    allowance = ears.allowance[0]
    began = now(ears, ears.ticks)
    counters[ANALYSIS_GAVE_WAY] += begin_work(allowance, began, ear.long)
    counters[ANALYSES] += 1
    ran = _run_model(ear)
    finite = ran and _take_scores(ears)
    _carry_states(ears, finite)
    counters[FAILED_ANALYSES] += not ran
    counters[MUTED_SCORES] += ran and not finite
    if finite:
        # Which frames the window stands on; the filter looks half its length ahead.
        newest = (ear.made - 1) * step.down // step.up
        oldest = (ear.made - ear.audio_size) * step.down // step.up
        frame = ear.start + newest + step.taps // 2 + 1
        begin = max(ear.start, ear.start + oldest)
        found = detect(
            ears.detector, ears.classes, ears.scores, frame, begin, ears.found
        )
        _publish_scores(ears, frame)
        _tell(ears, found)
    ended = now(ears, ears.ticks)
    end_work(allowance, ended)
    took = ended - began
    counters[ANALYSIS_NS] += took
    counters[LONGEST_ANALYSIS_NS] = max(counters[LONGEST_ANALYSIS_NS], took)


@rt_kernel
def _end_hop(ears):
    """Move the window on by the hop that is whole now, and look at it."""
    ear, hop = ears.ear[0], ears.hop
    window = floats_at(ear.audio, ear.audio_size)
    kept = window.size - hop.size
    for i in range(kept):
        window[i] = window[i + hop.size]
    for i in range(hop.size):
        window[kept + i] = hop[i]
    ear.filled = 0
    ears.counters[HOPS] += 1
    # A model slower than its hops leaves some out, and goes on with the newest sound.
    if ear.patience > 0 and readable(ears.input_cursors) > ear.patience:
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
    if ear.session == 0:  # onsets alone
        ear.frame += count
        return
    made = resample(
        ears.resampler, ears.filters, ears.history, frames, count, ears.resampled
    )
    ear.frame += count
    for i in range(made):
        ears.hop[ear.filled] = _without_dc(ear, ears.resampled[i])
        ear.filled += 1
        ear.made += 1
        if ear.filled == ears.hop.size:
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
    ears.history[:] = np.float32(0.0)
    window = floats_at(ear.audio, ear.audio_size)
    window[:] = np.float32(0.0)
    _carry_states(ears, False)


@rt_kernel
def take_chunk(ears):
    """Analyse the next frames of the input ring; how many there were. [worker]"""
    ear, cursors = ears.ear[0], ears.input_cursors
    lost = load_acquire(cursors, DROPPED)
    if lost != ear.lost:
        # So far behind that the ring was full: what it still holds is stale.
        while read_frames(ears.input_ring, cursors, ears.chunk) > 0:
            pass
        ears.counters[GAPS] += 1
        ear.lost, ear.began = lost, 0
    place = cursors[READ]
    count = read_frames(ears.input_ring, cursors, ears.chunk)
    if count > 0:
        if not ear.began:
            ear.began = 1
            begin_at(ears, place + load_acquire(ears.input_offset, 0))
        analyse(ears, ears.chunk, count)
    return count


@rt_kernel
def listen(ears):
    """Analyse for ever, until `Ear.stop` is set and the semaphore posted. [worker]"""
    ear = ears.ear[0]
    mode = flush_denormals()
    while load_acquire(ears.stop, 0) == 0:
        if take_chunk(ears) == 0:
            call3(ear.wait_address, ear.semaphore, 0xFFFFFFFFFFFFFFFF, 0)
    restore_denormals(mode)


@rt_kernel
def hear_file(ears, frames):
    """Take float32 (frames, channels) of a file, as the threads do. [control]"""
    mode = flush_denormals()
    done = 0
    while done < frames.shape[0]:
        count = min(frames.shape[0] - done, PIECE)
        hear_piece(ears, frames, done, count, ears.ear[0].frame)
        analyse(ears, ears.mono, count)
        done += count
    restore_denormals(mode)


@rt_kernel
def end_file(ears):
    """End every label that is on, where the file ends. [control]"""
    _tell(ears, end_all(ears.classes, ears.ear[0].frame, ears.found, 0))
