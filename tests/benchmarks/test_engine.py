"""What the engine costs: the audio thread's block, and its parts."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from rtaudio_dl.core.ring import new_cursors, pop, push, read_frames, write_frames
from rtaudio_dl.dsp.resampler import PADDING, filter_table, sample_at
from rtaudio_dl.kinds.sound.worker import draw_latent
from tests.engine.rig import RATE, Rig, sine
from tests.entries import process_block, render_blocks

BLOCK = 128
MODEL_RATE = 16_000
ITEMS = 1_000_000


def sounding(voices: int) -> Rig:
    """An engine in which so many notes sound, all of them one-shots of 20 s."""
    rig = Rig(polyphony=64)
    rig.add(
        sine(20 * MODEL_RATE, 300, 0.01),
        rate=MODEL_RATE,
        keys=range(64),
        freshness="frozen",
        one_shot=True,
        parameters={"brightness": 0.4},
    )
    for key in range(voices):
        rig.on(key, 0.7)
    rig.render(BLOCK)
    return rig


@pytest.mark.parametrize("voices", [0, 1, 16, 32, 64])
def test_process_block(benchmark, voices):
    rig, out = sounding(voices), np.zeros((BLOCK, 2), np.float32)

    def rewind():
        rig.engine.voices["position"] = 0

    benchmark.pedantic(process_block, args=(rig.engine, out), setup=rewind, rounds=1000)
    assert rig.active() == voices
    share = benchmark.stats.stats.median / (BLOCK / RATE)
    benchmark.extra_info["percent of the block's time"] = round(100 * share, 2)


def test_ten_seconds_of_16_voices_offline(benchmark):
    rig, out = sounding(16), np.zeros((10 * RATE, 2), np.float32)

    def rewind():
        rig.engine.voices["position"] = 0

    benchmark.pedantic(
        render_blocks, args=(rig.engine, out, BLOCK), setup=rewind, rounds=5
    )
    times = 10 / benchmark.stats.stats.median
    benchmark.extra_info["times faster than real time"] = round(times)


@numba.njit(nogil=True)
def _resample(filters, sound, step, out):
    position = 0.0
    for i in range(out.size):
        out[i] = sample_at(filters, sound, position, step)
        position += step


@pytest.mark.parametrize("step", [1 / 3, 1.0, 2.0, 8.0])
def test_resampler(benchmark, step):
    sound = np.zeros(100_000 + 2 * PADDING, np.float32)
    out = np.zeros(10_000, np.float32)
    benchmark(_resample, filter_table(), sound, step, out)
    nanoseconds = 1e9 * benchmark.stats.stats.median / len(out)
    benchmark.extra_info["ns per frame"] = round(nanoseconds, 1)


@numba.njit(nogil=True)
def _through_records(ring, cursors, into):
    for item in range(ITEMS):
        push(ring, cursors, item)
        pop(ring, cursors, into)


@numba.njit(nogil=True)
def _through_frames(ring, cursors, frames):
    for _ in range(ITEMS // len(frames)):
        write_frames(ring, cursors, frames, len(frames))
        read_frames(ring, cursors, frames)


@pytest.mark.parametrize("kind", ["records", "frames"])
def test_ring(benchmark, kind):
    cursors = new_cursors()
    if kind == "records":
        ring, into = np.zeros(4096, np.int64), np.zeros(1, np.int64)
        benchmark(_through_records, ring, cursors, into)
    else:
        ring = np.zeros((4096, 2), np.float32)
        frames = np.zeros((BLOCK, 2), np.float32)
        benchmark(_through_frames, ring, cursors, frames)
    rate = ITEMS / benchmark.stats.stats.median / 1e6
    benchmark.extra_info["million items a second"] = round(rate)


def test_draw_latent(benchmark):
    latent = np.zeros(100, np.float32)
    benchmark(draw_latent, latent, np.uint64(1), 36, 0, 0.3, 0.15)
