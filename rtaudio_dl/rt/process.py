"""`process_block`: the whole engine, one block at a time, live and offline alike."""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.rt.dispatch import apply
from rtaudio_dl.rt.kernel import rt_kernel
from rtaudio_dl.rt.layout import BLOCKS, LIMITED, NOT_FINITE, OUTPUTS, SEGMENT
from rtaudio_dl.rt.native import flush_denormals, restore_denormals
from rtaudio_dl.rt.pool import sweep
from rtaudio_dl.rt.ring import write_frames
from rtaudio_dl.rt.schedule import collect, drop_first
from rtaudio_dl.rt.voices import render

CEILING = 0.98  # of full scale (-0.18 dBFS): the limiter lets nothing above it
_RECOVERY = 0.08  # s, time constant at which the limiter opens again
_DC_HZ = 6.0  # -3 dB point of the DC blocker
_RESIDUE = 0.001  # s, time constant of what voices cut off leave
_SMOOTH = 0.005  # s, time constant of the master gain
_METER = 0.3  # s, time constant at which the meters fall


@rt_kernel
def _finish(engine, out, first, count):
    """The master section: residue, DC blocker, gain, limiter, meters, output.

    The limiter has no look-ahead and so no latency: it takes hold in the very frame
    that needs it and lets go slowly.
    """
    master = engine.master[0]
    rate = master.sample_rate
    pole = math.exp(-2.0 * math.pi * _DC_HZ / rate)
    fall = math.exp(-1.0 / (_RESIDUE * rate))
    smooth = 1.0 - math.exp(-1.0 / (_SMOOTH * rate))
    # State lives in registers here: the compiler cannot know that the arrays do not
    # overlap, and would go through memory for every frame.
    gain, target = master.gain_now, master.gain
    for channel in range(OUTPUTS):
        residue = master.residue[channel]
        before, blocked = master.dc_in[channel], master.dc_out[channel]
        level = gain
        for i in range(count):
            value = engine.mix[i, channel] + residue
            residue *= fall
            blocked = value - before + pole * blocked
            if not math.isfinite(blocked):
                value = blocked = residue = 0.0
                engine.counters[NOT_FINITE] += 1
            before = value
            engine.mix[i, channel] = blocked * level
            level += smooth * (target - level)
        master.residue[channel] = residue
        master.dc_in[channel], master.dc_out[channel] = before, blocked
        master.gain_now = level
    _limit(engine, out, first, count)


@rt_kernel
def _limit(engine, out, first, count):
    master = engine.master[0]
    rate = master.sample_rate
    meter = math.exp(-1.0 / (_METER * rate))
    open_by = 1.0 - math.exp(-1.0 / (_RECOVERY * rate))
    limiter, limited = master.limiter, 0
    left_peak, right_peak = master.peak[0], master.peak[1]
    for i in range(count):
        left, right = engine.mix[i, 0], engine.mix[i, 1]
        loudest = max(abs(left), abs(right))
        limiter += open_by * (1.0 - limiter)
        if loudest * limiter > CEILING:
            limiter = CEILING / loudest
            limited += 1
        left, right = left * limiter, right * limiter
        out[first + i, 0], out[first + i, 1] = np.float32(left), np.float32(right)
        left_peak = max(abs(left), left_peak * meter)
        right_peak = max(abs(right), right_peak * meter)
    master.limiter = limiter
    master.peak[0], master.peak[1] = left_peak, right_peak
    engine.counters[LIMITED] += limited


@rt_kernel
def apply_due(engine):
    """Apply the events of this frame; returns the frames up to the next one. [audio]"""
    master = engine.master[0]
    due = 0
    while due < master.pending:
        event = engine.pending[master.first + due]
        if event.time > master.frame:
            break
        apply(engine, event)
        due += 1
    drop_first(engine, due)
    if master.pending == 0:
        return SEGMENT
    return engine.pending[master.first].time - master.frame


@rt_kernel
def process_block(engine, out):
    """Fill ``out``, float32 (frames, 2), with the next frames. [audio]

    Events split the block at their frames. Allocates nothing, waits for nothing.
    """
    mode = flush_denormals()
    master = engine.master[0]
    collect(engine)
    sweep(engine)
    done = 0
    while done < out.shape[0]:
        count = min(apply_due(engine), SEGMENT, out.shape[0] - done)
        engine.mix[:count, :] = 0.0
        render(engine, count)
        _finish(engine, out, done, count)
        master.frame += count
        done += count
    if master.tap_on:
        write_frames(engine.tap_ring, engine.tap_cursors, out, out.shape[0])
    engine.counters[BLOCKS] += 1
    restore_denormals(mode)
