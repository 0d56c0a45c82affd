"""Kernels of the engine as functions of Python, compiled once and kept as objects.

A kernel may be called from Python, too, but is then compiled in every process that does
it: for the whole engine that takes half a minute.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import record_at, table_at
from rtaudio_dl.engine import offline, process, schedule
from rtaudio_dl.engine.layout import ENGINE, OUTPUTS, Engine
from rtaudio_dl.kinds.classifier import analysis
from rtaudio_dl.kinds.classifier.layout import ANALYSIS
from rtaudio_dl.kinds.sound import pool, worker
from rtaudio_dl.kinds.stream import worker as stream_worker


@rt_entry("vppw")
def _process_block(engine, out, frames):
    process.process_block(record_at(engine, ENGINE), table_at(out, frames, OUTPUTS))


@rt_entry("vp")
def apply_events(engine):
    """Collect what has arrived, and apply what is due."""
    schedule.collect(record_at(engine, ENGINE))
    process.apply_due(record_at(engine, ENGINE))


@rt_entry("vp")
def sweep(engine):
    """`pool.sweep`."""
    pool.sweep(record_at(engine, ENGINE))


@rt_entry("wp")
def serve(engine):
    """`worker.serve` of the kind sound."""
    return worker.serve(record_at(engine, ENGINE))


@rt_entry("vp")
def work(engine):
    """`worker.work` of the kind sound."""
    worker.work(record_at(engine, ENGINE))


@rt_entry("wp")
def serve_streams(engine):
    """`worker.serve_streams`."""
    return stream_worker.serve_streams(record_at(engine, ENGINE))


@rt_entry("wpwwwd")
def request(engine, patch, key, number, velocity):
    """`pool.request`."""
    return pool.request(record_at(engine, ENGINE), patch, key, number, velocity)


@rt_entry("vpw")
def free_if_unused(engine, slot):
    """`pool.free_if_unused`."""
    pool.free_if_unused(record_at(engine, ENGINE), slot)


@rt_entry("vpw")
def release(engine, slot):
    """`pool.release`."""
    pool.release(record_at(engine, ENGINE), slot)


@rt_entry("vpd")
def follow_clock(engine, nanoseconds):
    """`schedule.follow_clock`."""
    schedule.follow_clock(record_at(engine, ENGINE), nanoseconds)


@rt_entry("wp")
def now(engine):
    """`schedule.now`, with the audio thread's memory."""
    whole = record_at(engine, ENGINE)
    return schedule.now(whole.master[0], whole.ticks)


@rt_entry("wp")
def take_chunk(ears):
    """`analysis.take_chunk`."""
    return analysis.take_chunk(record_at(ears, ANALYSIS))


unready, settle = offline.lacking, offline.fill_pool


def process_block(engine: Engine, out: np.ndarray) -> None:
    """Fill ``out``, float32 (frames, 2), with the next frames."""
    assert out.flags.c_contiguous and out.dtype == np.float32
    _process_block(engine, out, len(out))


def render_blocks(engine: Engine, out: np.ndarray, block: int) -> None:
    """Fill ``out``, float32 (frames, 2), block by block, with all sounds there."""
    offline.render(engine, out, len(out), block)


def hear_file(ears: object, frames: np.ndarray) -> None:
    """Take float32 (frames, channels) of a file, as the threads do."""
    frames = np.ascontiguousarray(frames, np.float32)
    analysis.take_file(ears, frames, *frames.shape)
