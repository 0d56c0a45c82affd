"""Python's side of rings, words and switches: the same kernels, called as functions.

Arrays go in; what is written and read is memory that native threads share.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rtaudio_dl.core import ring as rings
from rtaudio_dl.core import switch
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.history import BEGUN, HISTORY_WORDS
from rtaudio_dl.core.native import (
    bytes_at,
    fence,
    load_acquire,
    store_release,
    words_at,
)
from rtaudio_dl.core.ring import CURSORS, DROPPED, READ, WRITE
from rtaudio_dl.core.switch import SWITCH


@rt_entry("wpwwpp")
def _push(ring, places, size, cursors, item):
    """`ring.push` for items of any size. [producer]"""
    words = words_at(cursors, CURSORS)
    write = words[WRITE]
    if write - load_acquire(words, READ) >= places:
        store_release(words, DROPPED, words[DROPPED] + 1)
        return 0
    into, given = bytes_at(ring, places * size), bytes_at(item, size)
    place = (write & (places - 1)) * size
    for i in range(size):
        into[place + i] = given[i]
    store_release(words, WRITE, write + 1)
    return 1


@rt_entry("wpwwppw")
def _pop_many(ring, places, size, cursors, into, most):
    """`ring.pop_many`, or `ring.read_frames`, for items of any size. [consumer]"""
    words = words_at(cursors, CURSORS)
    read = words[READ]
    count = min(load_acquire(words, WRITE) - read, most)
    taken, given = bytes_at(into, most * size), bytes_at(ring, places * size)
    for n in range(count):
        place = ((read + n) & (places - 1)) * size
        for i in range(size):
            taken[n * size + i] = given[place + i]
    store_release(words, READ, read + count)
    return count


@rt_entry("wppwwpww")
def _copy_history(words, ring, places, size, into, first, count):
    """Copy cells of a history; up to where its writer has begun, afterwards. [any]"""
    taken, given = bytes_at(into, count * size), bytes_at(ring, places * size)
    for n in range(count):
        place = ((first + n) & (places - 1)) * size
        for i in range(size):
            taken[n * size + i] = given[place + i]
    fence()
    return load_acquire(words_at(words, HISTORY_WORDS), BEGUN)


@rt_entry("wp")
def _readable(cursors):
    return rings.readable(words_at(cursors, CURSORS))


@rt_entry("vp")
def _skip(cursors):
    rings.skip(words_at(cursors, CURSORS))


@rt_entry("wp")
def _load(word):
    return load_acquire(words_at(word, 1), 0)


@rt_entry("vpw")
def _store(word, value):
    store_release(words_at(word, 1), 0, value)


@rt_entry("vpw")
def _turn(words, value):
    switch.turn(words_at(words, SWITCH), value)


@rt_entry("wp")
def _asked_value(words):
    return switch.asked_value(words_at(words, SWITCH))


@rt_entry("wp")
def _is_seen(words):
    return 1 if switch.is_seen(words_at(words, SWITCH)) else 0


def push(ring: np.ndarray, cursors: np.ndarray, item: np.ndarray | np.generic) -> bool:
    """Add one record; False and counted when the ring is full."""
    if isinstance(item, np.generic):  # of a ring of numbers it would be an address
        item = np.array([item], ring.dtype)
    return bool(_push(ring, len(ring), ring.strides[0], cursors, item))


def pop(ring: np.ndarray, cursors: np.ndarray, into: np.ndarray) -> bool:
    """Move the oldest record into ``into[0]``; False when there is none."""
    return bool(_pop_many(ring, len(ring), ring.strides[0], cursors, into, 1))


def pop_many(ring: np.ndarray, cursors: np.ndarray, into: np.ndarray) -> int:
    """Move up to ``len(into)`` records, or rows of frames, out; how many."""
    size = ring.strides[0]
    return _pop_many(ring, len(ring), size, cursors, into, len(into))


def readable(cursors: np.ndarray) -> int:
    """Items that the consumer may read."""
    return _readable(cursors)


def dropped(cursors: np.ndarray) -> int:
    """What a ring had no room for, so far."""
    return load_word(cursors, DROPPED)


def skip(cursors: np.ndarray) -> None:
    """Forget all that is there, as the consumer."""
    _skip(cursors)


def load_word(words: np.ndarray, index: int) -> int:
    """A word, and all that its writer did before."""
    return _load(_address(words, index))


def store_word(words: np.ndarray, index: int, value: int) -> None:
    """Set a word, after all that was done before."""
    _store(_address(words, index), int(value))


def turn(words: np.ndarray, value: int) -> None:
    """Ask for a switch's value, from some block on."""
    _turn(words, value)


def asked_value(words: np.ndarray) -> int:
    """The value that was asked for last."""
    return _asked_value(words)


def is_seen(words: np.ndarray) -> bool:
    """Whether a block has begun since the last turn: none uses the old value.

    Never, where no blocks are played.
    """
    return bool(_is_seen(words))


def copy_history(
    words: np.ndarray, ring: np.ndarray, first: int, count: int
) -> tuple[np.ndarray, int]:
    """A copy of cells of a history from the ``first`` on, which may be damaged.

    Those before the second value less the size of the ring may have changed meanwhile.
    """
    into = np.empty((count, *ring.shape[1:]), ring.dtype)
    begun = _copy_history(words, ring, len(ring), ring.strides[0], into, first, count)
    return into, begun


def _address(words: np.ndarray, index: Any) -> int:
    if not 0 <= index < len(words):
        raise IndexError(f"no word {index} among {len(words)}")
    return words.ctypes.data + words.strides[0] * int(index)
