"""Kernels of the engine as functions of Python, compiled once and kept as objects.

A kernel may be called from Python, too, but is then compiled in every process that does
it: for the whole engine that takes half a minute.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core import clock
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import record_at, table_at
from rtaudio_dl.engine import entries, input, process, schedule
from rtaudio_dl.engine.layout import ENGINE, Engine
from rtaudio_dl.kinds.classifier import analysis
from rtaudio_dl.kinds.classifier.layout import ANALYSIS
from rtaudio_dl.kinds.sound import pool


@rt_entry("vp")
def sweep(engine):
    """`process.sweep`: of all nodes."""
    process.sweep(record_at(engine, ENGINE))


@rt_entry("wpwwwd")
def request(engine, node, key, number, velocity):
    """`pool.request`."""
    return pool.request(record_at(engine, ENGINE), node, key, number, velocity)


@rt_entry("vpww")
def free_if_unused(engine, node, slot):
    """`pool.free_if_unused`."""
    pool.free_if_unused(pool.sound_of(record_at(engine, ENGINE), node), slot)


@rt_entry("vpww")
def release(engine, node, slot):
    """`pool.release`."""
    pool.release(pool.sound_of(record_at(engine, ENGINE), node), slot)


@rt_entry("vpd")
def follow_clock(engine, nanoseconds):
    """`schedule.follow_clock`."""
    schedule.follow_clock(record_at(engine, ENGINE), nanoseconds)


@rt_entry("wp")
def now(engine):
    """`clock.now`, with the audio thread's memory."""
    whole = record_at(engine, ENGINE)
    return clock.now(whole.master[0].clock[0], whole.ticks)


@rt_entry("wp")
def take_chunk(ears):
    """`analysis.take_chunk`."""
    return analysis.take_chunk(record_at(ears, ANALYSIS))


@rt_entry("vppwww")
def _take_input(engine, frames, count, channels, analysed):
    whole = record_at(engine, ENGINE)
    input.take_input(whole, table_at(frames, count, channels), analysed != 0)


apply_events, settle, lacking = entries.apply_events, entries.settle, entries.lacking


def process_block(engine: Engine, out: np.ndarray) -> None:
    """Fill ``out``, float32 (frames, 2), with the next frames."""
    assert out.flags.c_contiguous and out.dtype == np.float32
    entries.process_block(engine, out, len(out))


def take_input(engine: Engine, frames: np.ndarray, analysed: bool) -> None:
    """Take a block of input, float32 (frames, channels), as the audio thread does."""
    frames = np.ascontiguousarray(frames, np.float32)
    _take_input(engine, frames, *frames.shape, analysed)


def render_blocks(engine: Engine, out: np.ndarray, block: int) -> None:
    """Fill ``out``, float32 (frames, 2), block by block, with all sounds there."""
    entries.render(engine, out, len(out), block)


def hear_file(ears: object, frames: np.ndarray) -> None:
    """Take float32 (frames, channels) of a file, as the threads do."""
    frames = np.ascontiguousarray(frames, np.float32)
    analysis.take_file(ears, frames, *frames.shape)
