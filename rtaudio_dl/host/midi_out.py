"""What nodes play, to a MIDI output: a thread watches the engine's ring of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from rtaudio_dl.core.control import pop_many, skip, store_word
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.engine.events import EVENT, to_midi
from rtaudio_dl.engine.layout import OUT_ON, Engine
from rtaudio_dl.io.midi.out import MidiOut

_POLL_SECONDS = 0.001
_BATCH = 256


class NodesOut:
    """Sends the events of an engine's nodes to a port, when their block begins.

    ``say`` gets one line if the port fails; the sound goes on.
    """

    def __init__(self, engine: Engine, port: MidiOut, say: Callable[[str], None]):
        self._engine, self._port, self._say = engine, port, say
        self._waiting: list[tuple[int, bytes]] = []  # frame, message
        self._batch = np.zeros(_BATCH, EVENT)
        self._ended = threading.Event()
        skip(engine.out_cursors)  # of a time when nobody wanted it
        self._thread = start_thread(self._run, "MIDI out")
        store_word(engine.switches, OUT_ON, 1)

    @property
    def label(self) -> str:
        """The port's name."""
        return self._port.label

    def close(self) -> None:
        """Lift all keys and close the port; again: nothing."""
        store_word(self._engine.switches, OUT_ON, 0)
        self._ended.set()
        do_all(lambda: join(self._thread), self._port.close)

    def _run(self) -> None:
        while not self._ended.wait(_POLL_SECONDS):
            try:
                self._send_due()
            except Exception as error:  # whatever a driver raises
                self._say(f"MIDI out {self.label} failed: {error}")
                return

    def _send_due(self) -> None:
        ring, cursors = self._engine.out_ring, self._engine.out_cursors
        while count := pop_many(ring, cursors, self._batch):
            for event in self._batch[:count]:
                message = to_midi(event)
                if message is not None:
                    self._waiting.append((int(event["time"]), message))
        # A note-off is made with its note, and lies behind what comes before it.
        self._waiting.sort(key=lambda item: item[0])
        now = int(self._engine.master["frame"][0])
        while self._waiting and self._waiting[0][0] <= now:
            self._port.send(self._waiting.pop(0)[1])
