"""The ring's protocol in every interleaving, with every stale read that C++11 allows.

The kernels' own Python code runs here, one memory access at a time: a thread's state is
the list of values that its present call has read, so any state can be continued in
every possible way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from rtaudio_dl.core import ring as code
from rtaudio_dl.core.ring import DROPPED, READ, WRITE
from tests.core.weak_memory import Pause, Replay

SIZE, ITEMS = 2, 4
PRODUCER, CONSUMER = 0, 1


@dataclass(frozen=True)
class Thread:
    """Calls completed, results of the present call's accesses, newest cursor seen."""

    done: int = 0
    log: tuple = ()
    seen: int = 0


@dataclass(frozen=True)
class State:
    """Shared memory and both threads. ``slots`` hold items, None before the first."""

    slots: tuple = (None,) * SIZE
    write: int = 0
    read: int = 0
    threads: tuple[Thread, Thread] = (Thread(), Thread())
    received: tuple = ()


class Run(Replay):
    """One call, replayed up to where it was and then one access further.

    ``choice`` is the value that an acquiring load of the other's cursor sees.
    """

    def __init__(self, state: State, thread: int, choice: int | None):
        self.state, self.thread, self.choice = state, thread, choice
        self.me = state.threads[thread]
        self.log = list(self.me.log)
        self.at, self.stepped = 0, False

    def cursor(self, index: int) -> int:
        return {WRITE: self.state.write, READ: self.state.read}.get(index, 0)

    def load_acquire(self, _cursors, index: int) -> int:
        def load():
            value = self.cursor(index) if self.choice is None else self.choice
            self.me = replace(self.me, seen=value)
            return value

        return self.access(load)

    def store_release(self, _cursors, index: int, value: int) -> None:
        if index == DROPPED:  # says nothing about the items: it is left as it is
            self.access(lambda: None)
            return
        name = {WRITE: "write", READ: "read"}[index]
        self.access(lambda: self.change(**{name: value}))

    def change(self, **fields) -> None:
        self.state = replace(self.state, **fields)

    def put(self, place: int, item: int) -> None:
        slots = list(self.state.slots)
        slots[place] = item
        self.change(slots=tuple(slots))


class Cursors:
    def __init__(self, run: Run):
        self.run = run

    def __getitem__(self, index):
        return self.run.access(lambda: self.run.cursor(index))


class Ring:
    size = SIZE

    def __init__(self, run: Run):
        self.run = run

    def __getitem__(self, place):
        return self.run.access(lambda: self.run.state.slots[place])

    def __setitem__(self, place, item):
        self.run.access(lambda: self.run.put(place, item))


def advance(state: State, thread: int, call, choice: int | None, monkeypatch) -> State:
    """The state after a thread's next access."""
    run = Run(state, thread, choice)
    monkeypatch.setitem(call.__globals__, "load_acquire", run.load_acquire)
    monkeypatch.setitem(call.__globals__, "store_release", run.store_release)
    into = [None]
    argument = run.me.done if thread == PRODUCER else into
    try:
        succeeded = call(Ring(run), Cursors(run), argument)
    except Pause:
        me = replace(run.me, log=tuple(run.log))
    else:
        # A failed call is tried again: full or empty is no error of the protocol.
        me = replace(run.me, log=(), done=run.me.done + bool(succeeded))
        if succeeded and thread == CONSUMER:
            run.change(received=run.state.received + (into[0],))
    threads = list(run.state.threads)
    threads[thread] = me
    return replace(run.state, threads=tuple(threads))


def successors(state: State, calls, monkeypatch):
    for thread, call in enumerate(calls):
        me = state.threads[thread]
        if me.done == ITEMS:
            continue
        newest = state.read if thread == PRODUCER else state.write
        # An acquiring load may see any value since the newest that its thread has seen.
        for choice in range(me.seen, newest + 1):
            yield advance(state, thread, call, choice, monkeypatch)


def explore(push, pop, monkeypatch) -> tuple[set[State], set[State]]:
    """All states that can be reached, and those in which everything has arrived."""
    waiting, known = [State()], {State()}
    while waiting:
        for state in successors(waiting.pop(), (push, pop), monkeypatch):
            if state not in known:
                known.add(state)
                waiting.append(state)
    return known, {s for s in known if all(t.done == ITEMS for t in s.threads)}


def is_right(states: set[State]) -> bool:
    return all(s.received == tuple(range(len(s.received))) for s in states)


def test_no_interleaving_loses_doubles_or_disorders_an_item(monkeypatch):
    push, pop = code.push.function, code.pop.function
    states, ends = explore(push, pop, monkeypatch)
    assert is_right(states)
    assert ends and all(s.received == tuple(range(ITEMS)) for s in ends)
    assert len(states) > 150  # it did look at interleavings


def push_published_first(ring, cursors, item):
    write = cursors[WRITE]
    if write - load_acquire(cursors, READ) >= ring.size:  # noqa: F821
        return False
    store_release(cursors, WRITE, write + 1)  # noqa: F821
    ring[write & (ring.size - 1)] = item
    return True


def push_one_too_many(ring, cursors, item):
    write = cursors[WRITE]
    if write - load_acquire(cursors, READ) > ring.size:  # noqa: F821
        return False
    ring[write & (ring.size - 1)] = item
    store_release(cursors, WRITE, write + 1)  # noqa: F821
    return True


def pop_freed_first(ring, cursors, into):
    read = cursors[READ]
    if read >= load_acquire(cursors, WRITE):  # noqa: F821
        return False
    store_release(cursors, READ, read + 1)  # noqa: F821
    into[0] = ring[read & (ring.size - 1)]
    return True


@pytest.mark.parametrize("broken", [push_published_first, push_one_too_many])
def test_a_broken_producer_is_found(broken, monkeypatch):
    states, _ = explore(broken, code.pop.function, monkeypatch)
    assert not is_right(states)


def test_a_broken_consumer_is_found(monkeypatch):
    states, _ = explore(code.push.function, pop_freed_first, monkeypatch)
    assert not is_right(states)
