"""`process_block`: the whole engine, one block at a time, live and offline alike."""

from __future__ import annotations

from rtaudio_dl.core.counters import BLOCKS
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import flush_denormals, load_acquire, restore_denormals
from rtaudio_dl.core.ring import write_frames
from rtaudio_dl.engine.dispatch import apply
from rtaudio_dl.engine.event_log import log_event, log_tap
from rtaudio_dl.engine.layout import SEGMENT, TAP_ON
from rtaudio_dl.engine.master import finish
from rtaudio_dl.engine.schedule import collect, drop_first
from rtaudio_dl.engine.voices import render
from rtaudio_dl.kinds.sound.pool import sweep, wake_inference
from rtaudio_dl.kinds.stream.lanes import ask_hops, wake_worker
from rtaudio_dl.kinds.stream.worker import serve_streams
from rtaudio_dl.playback.kernels import play_tracks


@rt_kernel
def apply_due(engine):
    """Apply the events of this frame; returns the frames up to the next one. [audio]"""
    master = engine.master[0]
    due = 0
    while due < master.pending:
        event = engine.pending[master.first + due]
        if event.time > master.frame:
            break
        log_event(engine, event)
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
    process(engine, out, False)


@rt_kernel
def process(engine, out, alone):
    """`process_block`; ``alone`` where there is no other thread for streams. [audio]"""
    mode = flush_denormals()
    master = engine.master[0]
    # Python may change it at any time: one look.
    recorded = load_acquire(engine.switches, TAP_ON)
    log_tap(engine, recorded)
    collect(engine)
    sweep(engine)
    done = 0
    while done < out.shape[0]:
        count = min(apply_due(engine), SEGMENT, out.shape[0] - done)
        engine.mix[:count, :] = 0.0
        hops = ask_hops(engine, count)
        if alone:
            serve_streams(engine)
        elif hops > 0:
            wake_worker(engine)
        render(engine, count)
        play_tracks(engine, count)
        finish(engine, out, done, count)
        wake_inference(engine)
        master.frame += count
        done += count
    if recorded:
        write_frames(engine.tap_ring, engine.tap_cursors, out, out.shape[0])
    engine.counters[BLOCKS] += 1
    restore_denormals(mode)
