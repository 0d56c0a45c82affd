"""Rings: a queue in every respect, for any cursor, under two native threads."""

import threading
from collections import deque

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from rtaudio_dl.core.ring import (
    CURSORS,
    DROPPED,
    READ,
    WRITE,
    new_cursors,
    pop,
    pop_many,
    push,
    read_frames,
    readable,
    write_frames,
)

SIZE = 8
FAR = 1 << 62  # more items than any engine moves in its life
starts = st.one_of(st.integers(0, 3 * SIZE), st.integers(FAR - 2 * SIZE, FAR))


class RecordRing(RuleBasedStateMachine):
    """`push` and `pop` beside a deque."""

    @initialize(start=starts)
    def begin(self, start):
        self.ring, self.cursors = np.zeros(SIZE, np.int64), new_cursors()
        self.cursors[WRITE] = self.cursors[READ] = start
        self.model, self.dropped = deque(), 0

    @rule(item=st.integers(-(1 << 63), (1 << 63) - 1))
    def push(self, item):
        fits = len(self.model) < SIZE
        assert push(self.ring, self.cursors, np.int64(item)) == fits
        if fits:
            self.model.append(item)
        else:
            self.dropped += 1

    @rule()
    def pop(self):
        into = np.array([77])
        assert pop(self.ring, self.cursors, into) == bool(self.model)
        assert into[0] == (self.model.popleft() if self.model else 77)

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def counts_agree(self):
        assert readable(self.cursors) == len(self.model)
        assert self.cursors[DROPPED] == self.dropped


class FrameRing(RuleBasedStateMachine):
    """`write_frames` and `read_frames` beside a deque of rows."""

    @initialize(start=starts)
    def begin(self, start):
        self.ring, self.cursors = np.zeros((SIZE, 2), np.float32), new_cursors()
        self.cursors[WRITE] = self.cursors[READ] = start
        self.model, self.dropped, self.written = deque(), 0, 0

    @rule(count=st.integers(0, SIZE + 2))
    def write(self, count):
        numbers = np.arange(self.written, self.written + count)
        rows = np.stack([numbers, -numbers], axis=1).astype(np.float32)
        fits = len(self.model) + count <= SIZE
        assert write_frames(self.ring, self.cursors, rows, count) == fits
        if fits:
            self.model.extend(numbers.tolist())
            self.written += count
        else:
            self.dropped += count

    @rule(room=st.integers(0, SIZE + 2))
    def read(self, room):
        into = np.full((room, 2), np.nan, np.float32)
        count = read_frames(self.ring, self.cursors, into)
        assert count == min(room, len(self.model))
        expected = [self.model.popleft() for _ in range(count)]
        assert into[:count].tolist() == [[n, -n] for n in expected]
        assert np.isnan(into[count:]).all()

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def counts_agree(self):
        assert readable(self.cursors) == len(self.model)
        assert self.cursors[DROPPED] == self.dropped


TestRecordRing = RecordRing.TestCase
TestFrameRing = FrameRing.TestCase


def test_each_cursor_is_on_a_cache_line_of_its_own():
    line = 64 // new_cursors().itemsize
    assert len({index // line for index in (WRITE, READ, DROPPED)}) == 3
    assert CURSORS >= DROPPED + line


@numba.njit(nogil=True)
def _produce(ring, cursors, items):
    for item in range(items):
        while not push(ring, cursors, item):
            pass


@numba.njit(nogil=True)
def _consume(ring, cursors, items, into):
    """Returns the first item that is not the expected one, or -1."""
    for item in range(items):
        while not pop(ring, cursors, into):
            pass
        if into[0] != item:
            return item
    return -1


@numba.njit(nogil=True)
def _produce_frames(ring, cursors, items):
    block = np.zeros((97, 2), np.float32)
    done = 0
    while done < items:
        count = min(1 + done % 97, items - done)
        for i in range(count):
            block[i, 0], block[i, 1] = (done + i) % 4099, (done + i) % 4093
        while not write_frames(ring, cursors, block, count):
            pass
        done += count


@numba.njit(nogil=True)
def _consume_frames(ring, cursors, items, into):
    done = 0
    while done < items:
        for i in range(read_frames(ring, cursors, into)):
            if into[i, 0] != done % 4099 or into[i, 1] != done % 4093:
                return done
            done += 1
    return -1


RINGS = {
    "records": (_produce, _consume, (), np.int64, 2_000_000),
    "frames": (_produce_frames, _consume_frames, (2,), np.float32, 5_000_000),
}


@pytest.mark.parametrize("start", [0, FAR])
@pytest.mark.parametrize("kind", RINGS)
def test_two_native_threads_at_full_speed_lose_and_disorder_nothing(kind, start):
    produce, consume, channels, dtype, items = RINGS[kind]
    ring, cursors = np.zeros((1024, *channels), dtype), new_cursors()
    into = np.zeros((300, *channels), dtype)
    produce(ring, cursors, 0)  # compiled before the race begins
    consume(ring, cursors, 0, into)
    cursors[WRITE] = cursors[READ] = start
    producer = threading.Thread(target=produce, args=(ring, cursors, items))
    producer.start()
    wrong = consume(ring, cursors, items, into)
    producer.join()
    assert wrong == -1
    assert readable(cursors) == 0
    assert cursors[WRITE] == start + items


@given(st.integers(0, 2**62), st.lists(st.integers(1, 9), max_size=30))
def test_many_records_come_out_in_order_whatever_their_number(start, takes):
    ring, cursors, into = np.zeros(8, np.int64), new_cursors(), np.zeros(5, np.int64)
    cursors[WRITE] = cursors[READ] = start
    pushed, taken = 0, []
    for take in takes:
        while pushed - len(taken) < take and push(ring, cursors, np.int64(pushed)):
            pushed += 1
        count = pop_many(ring, cursors, into)
        assert count == min(pushed - len(taken), into.size)
        taken += into[:count].tolist()
    assert taken == list(range(len(taken)))
