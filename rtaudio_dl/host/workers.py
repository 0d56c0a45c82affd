"""The native inference threads of a live engine, from start to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from rtaudio_dl.core.control import store_word
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.core.priority import INFERENCE, STREAMS, Priority, raise_priority
from rtaudio_dl.core.system import Semaphore
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.kinds.sound import worker as sounds
from rtaudio_dl.kinds.stream import worker as streams


class Workers:
    """One thread for sounds, one for streams: a hop cannot wait for a whole sound.

    ``say`` gets one line if the system gives them no priority.
    """

    def __init__(self, engine: Engine, say: Callable[[str], None]):
        self._engine, self._say = engine, say
        self._semaphore, self._stream_semaphore = Semaphore(), Semaphore()
        master = engine.master
        master["post_address"] = self._semaphore.post_address
        master["wait_address"] = self._semaphore.wait_address
        master["semaphore"] = self._semaphore.handle
        master["stream_semaphore"] = self._stream_semaphore.handle
        self._threads: list[threading.Thread] = []
        self._refused: str | None = None

    @property
    def running(self) -> bool:
        """Whether they were started and not stopped."""
        return bool(self._threads)

    def start(self) -> None:
        """Start both threads, or none: EngineError."""
        store_word(self._engine.stop, 0, 0)
        engine = self._engine
        try:
            for name, *arguments in (
                ("inference", sounds.work_for_ever, INFERENCE, engine.worker_allowance),
                ("streams", streams.work_for_ever, STREAMS, engine.stream_allowance),
            ):
                self._threads.append(start_thread(self._run, name, *arguments))
        except BaseException:
            self.stop()
            raise

    def _run(self, entry: Any, priority: Priority, allowance: np.ndarray) -> None:
        refused = raise_priority(threading.get_native_id(), priority, allowance)
        if refused and not self._refused:
            self._say(refused)
        self._refused = refused or self._refused
        entry(self._engine)  # native: it holds no GIL from here on

    def stop(self) -> None:
        """End both threads once they have done what they do; again: nothing."""
        store_word(self._engine.stop, 0, 1)
        for semaphore in (self._semaphore, self._stream_semaphore):
            semaphore.post()
        threads, self._threads = self._threads, []
        do_all(*(partial(join, thread) for thread in threads))
