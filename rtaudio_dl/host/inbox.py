"""The ways of events into an engine: by their frames, or through a ring at once.

An inbox has ``send(event, at)``, for a time in s or None for now, and ``push(event)``,
for the next block as the event is.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from rtaudio_dl.core.control import push, readable
from rtaudio_dl.engine import events
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.errors import EngineError

_POLL_SECONDS = 0.005
_PATIENCE_SECONDS = 20.0  # for a full ring to get room


class Inbox(Protocol):
    """What takes events for an engine."""

    def send(self, event: np.ndarray, at: float | None) -> None:
        """Let an event happen ``at`` s of the host, None: now."""

    def push(self, event: np.ndarray) -> None:
        """Hand an event over as it is."""


class OfflineInbox:
    """Keeps events until `feed` hands over those of the frames that are rendered next.

    Only so many events fit into the engine: a song may have more.
    """

    def __init__(self, engine: Engine, sample_rate: int):
        self._engine, self._rate = engine, sample_rate
        self._queue: list[tuple[int, int, np.ndarray]] = []  # by frame, then as asked
        self._order = itertools.count()

    def send(self, event: np.ndarray, at: float | None) -> None:
        """Let an event happen ``at`` s; raises EngineError where that is past."""
        now = self._frame()
        frame = now if at is None else round(at * self._rate)
        if frame < now:
            raise EngineError(
                f"at={at:g} s is past; the host is at {now / self._rate:g} s already"
            )
        event["time"] = frame
        heapq.heappush(self._queue, (frame, next(self._order), event))

    def push(self, event: np.ndarray) -> None:
        """Hand an event over after all that is due by now."""
        self.feed(1, 1)
        _push(self._engine.control_ring, self._engine.control_cursors, event)

    def feed(self, frames: int, block: int) -> int:
        """Hand over the next frames' events; fewer frames if there are too many."""
        now = self._frame()
        ring, cursors = self._engine.control_ring, self._engine.control_cursors
        while self._queue and self._queue[0][0] < now + frames:
            if readable(cursors) >= len(ring):
                blocks = (self._queue[0][0] - now) // block
                return min(frames, max(1, blocks) * block)
            push(ring, cursors, heapq.heappop(self._queue)[2][0])
        return frames

    def _frame(self) -> int:
        return int(self._engine.master["frame"][0])


class RingInbox:
    """Writes events into a ring that an engine reads, for one thread at a time.

    ``runs`` says whether an audio thread empties the ring: events are stamped then, and
    a full ring is waited for.
    """

    def __init__(
        self,
        ring: np.ndarray,
        cursors: np.ndarray,
        sample_rate: int,
        runs: Callable[[], bool],
    ):
        self._ring, self._cursors, self._rate = ring, cursors, sample_rate
        self._runs, self._lock = runs, threading.Lock()

    def send(self, event: np.ndarray, at: float | None) -> None:
        """Let an event happen ``at`` s of the host, None: now."""
        event["clock"] = events.FRAMES
        if at is not None:
            event["time"] = round(at * self._rate)
        elif self._runs():
            event["clock"], event["time"] = events.NANOSECONDS, time.perf_counter_ns()
        else:
            event["time"] = events.AT_ONCE
        self.push(event)

    def push(self, event: np.ndarray) -> None:
        """Hand an event over; raises EngineError if the ring stays full."""
        with self._lock:
            until = time.monotonic() + _PATIENCE_SECONDS
            while readable(self._cursors) >= len(self._ring):
                if not self._runs() or time.monotonic() > until:
                    break  # it is refused, with an error
                time.sleep(_POLL_SECONDS)
            _push(self._ring, self._cursors, event)


def _push(ring: np.ndarray, cursors: np.ndarray, event: np.ndarray) -> None:
    if not push(ring, cursors, event[0]):
        raise EngineError(
            f"more than {len(ring)} events wait; let the engine run between"
        )
