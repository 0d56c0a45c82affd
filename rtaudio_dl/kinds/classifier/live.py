"""Listening live: the engine's input, and the analysis thread behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rtaudio_dl.core.control import asked_value, dropped, skip, store_word, turn
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.core.priority import ANALYSIS, lock_memory, raise_priority
from rtaudio_dl.core.system import Semaphore
from rtaudio_dl.engine.detection import SILENT
from rtaudio_dl.engine.input import ANALYSED, HEARD
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.io.seen import wait_until_seen
from rtaudio_dl.kinds.classifier import analysis
from rtaudio_dl.kinds.classifier.listener import Listener
from rtaudio_dl.kinds.classifier.settings import ONSET
from rtaudio_dl.patches.ears import VELOCITIES, Trigger

_BLOCK_SECONDS = 2.0  # no block lasts longer


class LiveListener(Listener):
    """Hears an engine's input; `rtaudio_dl.LiveHost.listen` makes one.

    Frames and times are those of the host: a detection's ``frame`` can be compared with
    `Host.frame`. Python only reads: the analysis runs in native code.
    """

    def __init__(
        self,
        engine: Engine,
        model: str | Path,
        sample_rate: int,
        semaphore: Semaphore,
        close: Callable[[], None],
        **options: Any,
    ):
        super().__init__(model, sample_rate, engine=engine, **options)
        self._engine, self._on_close = engine, close
        # The host's: the audio thread may post it once more when all this is gone.
        self._semaphore = semaphore
        self._thread: threading.Thread | None = None
        try:
            self._prepare()
        except BaseException:
            super().close()
            raise

    def _prepare(self) -> None:
        memory = self._memory
        memory.worker["wait_address"] = self._semaphore.wait_address
        memory.worker["semaphore"] = self._semaphore.handle
        self._engine.watched.set_labels((*self._classifier.labels, ONSET))
        store_word(self._engine.onset_key, 0, SILENT)
        store_word(memory.worker["stop"][0], 0, 1)
        analysis.listen_for_ever(memory)  # loaded now; ends at once
        analysis.finish_file(memory)

    def start(self) -> None:
        """Begin to hear, with the next block; again: nothing."""
        self._require_open()
        if self.running:
            return
        record = self._engine.input
        for array in self._memory.arrays:
            lock_memory(array)
        self._forget()
        if self._classifier.model is not None:
            store_word(self._memory.worker["stop"][0], 0, 0)
            self._thread = start_thread(self._work, "analysis")
            record["post_address"] = self._semaphore.post_address
            record["semaphore"] = self._semaphore.handle
        analysed = ANALYSED if self._thread is not None else 0
        turn(self._engine.input_switch, HEARD | analysed)

    def _forget(self) -> None:
        """Begin anew; the audio thread leaves these alone until it is to hear."""
        engine = self._engine
        for cursors in (engine.input_cursors, engine.onset_cursors):
            skip(cursors)
        engine.input_counters[:] = 0
        self._count_from_here()
        self._memory.state["lost"] = dropped(engine.input_cursors)
        self._memory.state["began"] = 0

    def _work(self) -> None:
        raise_priority(
            threading.get_native_id(), ANALYSIS, self._memory.worker["allowance"][0]
        )
        analysis.listen_for_ever(self._memory)  # native: it holds no GIL from here on

    def stop(self, blocks: bool = False) -> None:
        """Hear no more; what is on ends. Again: nothing.

        ``blocks`` says that the audio thread runs: the input is its own until it knows.
        """
        if asked_value(self._engine.input_switch):
            turn(self._engine.input_switch, 0)
            if blocks:
                wait_until_seen(self._engine.input_switch, _BLOCK_SECONDS)
        thread, self._thread = self._thread, None
        if thread is None:
            return
        store_word(self._memory.worker["stop"][0], 0, 1)
        self._semaphore.post()
        join(thread)
        analysis.finish_file(self._memory)

    def play(self, label: str, trigger: Trigger, channel: int) -> None:
        """Let a label play a key; ``channel`` is for a trigger without its own."""
        number = self._numbered(label)
        record = self._record(number)
        velocity = trigger.velocity
        record["velocity"] = VELOCITIES.get(velocity, velocity)
        record["channel"] = channel if trigger.channel is None else trigger.channel
        store_word(*self._key_word(number), trigger.key)
        if number == len(self._classifier.labels):
            store_word(self._memory.onset_on, 0, 1)

    def play_nothing(self, label: str) -> None:
        """Let a label play no key any more."""
        store_word(*self._key_word(self._numbered(label)), SILENT)

    def _numbered(self, label: str) -> int:
        return (*self._classifier.labels, ONSET).index(label)

    def _record(self, number: int) -> Any:
        if number == len(self._classifier.labels):
            return self._engine.onset_trigger
        return self._memory.triggers[number : number + 1]

    def _key_word(self, number: int) -> tuple[np.ndarray, int]:
        if number == len(self._classifier.labels):
            return self._engine.onset_key, 0
        return self._memory.trigger_keys, number

    @property
    def running(self) -> bool:
        """Whether the input is heard."""
        return bool(asked_value(self._engine.input_switch))

    def close(self) -> None:
        """End listening and release the model; again: nothing."""
        self._on_close()

    def release(self, blocks: bool = False) -> None:
        """`stop`, and release the model: for the host, which `close` asks to do it."""
        do_all(partial(self.stop, blocks), super().close)
