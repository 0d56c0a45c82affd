"""Lock-free rings: one producer, one consumer, cursors on cache lines of their own.

A ring is a power-of-two array and a cursor array of `CURSORS` int64. Cursors only grow;
the place of item *n* is ``n & (size - 1)``. The producer publishes with a release
store, the consumer frees with one: what an acquire load shows is complete.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import load_acquire, store_release

WRITE, READ, DROPPED = 0, 8, 16  # 64 bytes apart: three cache lines
CURSORS = 24


def new_cursors() -> np.ndarray:
    """Cursors of an empty ring, int64, shape (CURSORS,)."""
    return np.zeros(CURSORS, np.int64)


@rt_kernel
def readable(cursors):
    """Items that the consumer may read. [any]"""
    return load_acquire(cursors, WRITE) - load_acquire(cursors, READ)


@rt_kernel
def push(ring, cursors, item):
    """Add one record; False and counted when the ring is full. [producer]"""
    write = cursors[WRITE]
    if write - load_acquire(cursors, READ) >= ring.size:
        store_release(cursors, DROPPED, cursors[DROPPED] + 1)
        return False
    ring[write & (ring.size - 1)] = item
    store_release(cursors, WRITE, write + 1)
    return True


@rt_kernel
def skip(cursors):
    """Forget all that is there. [consumer]"""
    store_release(cursors, READ, load_acquire(cursors, WRITE))


@rt_kernel
def pop(ring, cursors, into):
    """Move the oldest record into ``into[0]``; False when there is none. [consumer]"""
    read = cursors[READ]
    if read >= load_acquire(cursors, WRITE):
        return False
    into[0] = ring[read & (ring.size - 1)]
    store_release(cursors, READ, read + 1)
    return True


@rt_kernel
def pop_many(ring, cursors, into):
    """Move up to ``len(into)`` records out; returns how many. [consumer]"""
    read = cursors[READ]
    count = min(load_acquire(cursors, WRITE) - read, into.size)
    for i in range(count):
        into[i] = ring[(read + i) & (ring.size - 1)]
    store_release(cursors, READ, read + count)
    return count


@rt_kernel
def write_frames(ring, cursors, frames, count):
    """Add ``count`` rows, or none (False, counted) where they do not fit. [producer]

    ``ring`` and ``frames`` are (size, channels); all channels share one cursor pair, so
    they cannot run apart.
    """
    write = cursors[WRITE]
    if count > ring.shape[0] - (write - load_acquire(cursors, READ)):
        store_release(cursors, DROPPED, cursors[DROPPED] + count)
        return False
    for i in range(count):
        row = (write + i) & (ring.shape[0] - 1)
        for channel in range(ring.shape[1]):
            ring[row, channel] = frames[i, channel]
    store_release(cursors, WRITE, write + count)
    return True


@rt_kernel
def read_frames(ring, cursors, into):
    """Move up to ``len(into)`` rows out; returns how many. [consumer]"""
    read = cursors[READ]
    count = min(load_acquire(cursors, WRITE) - read, into.shape[0])
    for i in range(count):
        row = (read + i) & (ring.shape[0] - 1)
        for channel in range(ring.shape[1]):
            into[i, channel] = ring[row, channel]
    store_release(cursors, READ, read + count)
    return count
