"""Sources of events: whoever plays beside the others has a ring of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from rtaudio_dl.core.control import dropped, push, readable
from rtaudio_dl.core.counters import BLOCKS
from rtaudio_dl.core.ring import new_cursors
from rtaudio_dl.engine.events import EVENT, RING_SIZE
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.controls import Controls
from rtaudio_dl.host.inbox import RingInbox
from rtaudio_dl.host.pace import Pace

_POLL_SECONDS = 0.001
_PATIENCE_SECONDS = 2.0  # no block lasts longer


class Source:
    """One producer of events; any number of them play side by side.

    ``controls`` has the methods of a host that play, and waits where the ring is full;
    `push` takes an event as it is, and never waits. One thread at a time may use a
    source. ``ring`` and ``cursors`` are for a native thread that pushes by itself.
    """

    def __init__(self, engine: Engine, pace: Pace, runs: Callable[[], bool]):
        self.ring, self.cursors = np.zeros(RING_SIZE, EVENT), new_cursors()
        rate = int(engine.master["sample_rate"][0])
        self.controls = Controls(RingInbox(self.ring, self.cursors, rate, runs))
        self._engine, self._pace, self._runs = engine, pace, runs
        self._number: int | None = engine.add_source(self.ring, self.cursors)

    def push(self, event: np.ndarray) -> bool:
        """Hand over an `EVENT` record, shape (1,); False if there is no room."""
        if self._number is None:
            raise EngineError("the source is closed; open a new one")
        return push(self.ring, self.cursors, event)

    @property
    def lost(self) -> int:
        """Events that there was no room for."""
        return dropped(self.cursors)

    def close(self) -> None:
        """Let what was pushed happen, and leave; again: nothing."""
        number, self._number = self._number, None
        if number is None:
            return
        self._pace.until_applied()
        self._wait(lambda: readable(self.cursors) == 0)
        self._engine.leave_source(number)
        # A block that has begun may read it still: two later ones do not.
        blocks = int(self._engine.counters[BLOCKS])
        if self._wait(lambda: self._engine.counters[BLOCKS] >= blocks + 2):
            self._engine.forget_source(number)

    def _wait(self, done: Callable[[], bool]) -> bool:
        """Whether it is done, or no audio thread runs; False where that hangs."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while self._runs() and not done():
            if time.monotonic() > until:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class Sources:
    """Opens sources of an engine, from any thread."""

    def __init__(self, engine: Engine, pace: Pace, runs: Callable[[], bool]):
        self._options = engine, pace, runs
        self._lock = threading.Lock()

    def open(self) -> Source:
        """A new source. Raises EngineError where there are too many."""
        with self._lock:
            return Source(*self._options)
