"""The native worker threads of a live engine: one for each kind that has work."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial

from rtaudio_dl.core.control import store_word
from rtaudio_dl.core.counters import WORKER_RUNS
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.core.priority import raise_priority
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.errors import EngineError
from rtaudio_dl.kinds.installed import Crew

_WORTH_SECONDS = 0.5  # of sound: below it no thread is worth its start


class Workers:
    """A thread for each crew: a hop cannot wait for a whole sound.

    ``say`` gets one line if the system gives them no priority; None: they ask for none,
    as beside an offline renderer.
    """

    def __init__(self, engine: Engine, say: Callable[[str], None] | None = None):
        self._engine, self._say = engine, say
        self._threads: dict[str, tuple[Crew, threading.Thread]] = {}
        self._refused: str | None = None
        self.running = False  # started, and not stopped

    def start(self) -> None:
        """Start a thread for each crew that has none, or raise EngineError.

        Those that run go on if one cannot be started.
        """
        first, self.running = not self.running, True
        try:
            for name, crew in self._engine.kinds.items():
                if name not in self._threads:
                    self._start(name, crew)
        except BaseException:
            if first:
                self.stop()
            raise

    def _start(self, name: str, crew: Crew) -> None:
        crew.be_live()
        store_word(crew.worker["stop"][0], 0, 0)
        crew.entries.work.address  # noqa: B018 - loaded here, not by the thread
        try:
            thread = start_thread(self._run, f"{name} worker", crew)
        except BaseException:
            crew.be_alone()  # nobody must wait for a thread that never was
            raise
        self._threads[name] = crew, thread

    def _run(self, crew: Crew) -> None:
        if self._say is not None:
            self._ask_for_priority(crew)
        crew.entries.work(self._engine, crew.memory)  # native: it holds no GIL

    def _ask_for_priority(self, crew: Crew) -> None:
        allowance = crew.worker["allowance"][0]
        own = threading.get_native_id()
        refused = raise_priority(own, crew.priority, allowance)
        if refused and not self._refused:
            self._say(refused)
        self._refused = refused or self._refused

    def runs(self) -> int:
        """How often models have been run, of all kinds."""
        crews = self._engine.kinds.values()
        return sum(int(crew.worker["counters"][0, WORKER_RUNS]) for crew in crews)

    def stop(self) -> None:
        """End all threads once they have done what they do; again: nothing."""
        self.running = False
        ended, self._threads = self._threads, {}
        do_all(*(partial(self._stop, *one) for one in ended.values()))

    def _stop(self, crew: Crew, thread: threading.Thread) -> None:
        store_word(crew.worker["stop"][0], 0, 1)
        crew.semaphore.post()
        join(thread)
        crew.be_alone()


@contextlib.contextmanager
def workers_beside(engine: Engine, seconds: float) -> Iterator[None]:
    """Let models run on other processors while ``seconds`` of sound are rendered.

    The bytes are the same with and without. Where threads cost more than they bring, or
    cannot be had, the renderer does it all.
    """
    workers = Workers(engine)
    if seconds >= _WORTH_SECONDS and (os.cpu_count() or 1) > 1:
        with contextlib.suppress(EngineError):
            workers.start()
            engine.master["threaded"] = 1
    try:
        yield
    finally:
        engine.master["threaded"] = 0
        workers.stop()
