"""The one producer of the MIDI ring: converts messages, and waits for room."""

from __future__ import annotations

import queue
import time
from collections import defaultdict

import numpy as np

from rtaudio_dl.core.control import push, readable
from rtaudio_dl.core.lifetime import start_thread
from rtaudio_dl.core.ring import new_cursors
from rtaudio_dl.engine.events import (
    CONTROL,
    EVENT,
    NANOSECONDS,
    NOTE_ON,
    from_midi,
    new_event,
)

SUSTAIN, ALL_NOTES_OFF = 64, 123  # controllers
_FULL_RING_SECONDS = 0.001  # between two looks at a full ring
_BACKLOG = 1 << 17  # messages that may wait; beyond, only what ends notes is kept


class Writer:
    """Turns messages into events of a ring, in one thread: its only producer."""

    def __init__(self, ring: np.ndarray, cursors: np.ndarray):
        self._ring, self._cursors, self._event = ring, cursors, new_event()
        self._queue: queue.SimpleQueue = queue.SimpleQueue()
        # Channels that had notes, or a pedal down.
        self._held: dict[str, set[int]] = defaultdict(set)
        self.waits = 0
        self.dropped = 0
        # Kernels are loaded at their first call: now, not at the first note.
        push(np.zeros(1, EVENT), new_cursors(), self._event[0])
        readable(cursors)
        self._thread = start_thread(self._run, "MIDI writer")

    def put(self, source: str, stamp: int, message: bytes | None) -> None:
        """Take a message, from any thread; None ends all notes of the source."""
        if self._queue.qsize() >= _BACKLOG and not _ends_notes(message):
            self.dropped += 1
            return
        self._queue.put((source, stamp, message))

    def close(self, seconds: float) -> None:
        """End all notes, and write what waits, if the ring has room in time."""
        for source in list(self._held):
            self.put(source, time.perf_counter_ns(), None)
        self._queue.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            source, stamp, message = item
            if message is not None:
                self._write(source, stamp, message)
                continue
            for channel in sorted(self._held.pop(source, ())):
                for control in (SUSTAIN, ALL_NOTES_OFF):
                    self._write(source, stamp, bytes((0xB0 | channel, control, 0)))

    def _write(self, source: str, stamp: int, message: bytes) -> None:
        event = self._event
        if not from_midi(event, message):
            return
        event["time"], event["clock"] = stamp, NANOSECONDS
        if _holds(event[0]):
            self._held[source].add(int(event["channel"][0]))
        while readable(self._cursors) >= self._ring.size:
            self.waits += 1
            time.sleep(_FULL_RING_SECONDS)
        push(self._ring, self._cursors, event[0])


def _holds(event: np.void) -> bool:
    """Whether something must be ended when the source of this event goes."""
    pedal = event["kind"] == CONTROL and event["key"] == SUSTAIN
    return event["kind"] == NOTE_ON or (pedal and event["value"] > 0)


def _ends_notes(message: bytes | None) -> bool:
    if message is None or len(message) != 3:
        return message is None
    status = message[0] & 0xF0
    pedal_up = status == 0xB0 and message[1] in (SUSTAIN, ALL_NOTES_OFF)
    return status == 0x80 or (status == 0x90 and message[2] == 0) or pedal_up
