"""Waiting for an engine: offline it is let run, live the audio thread runs it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from rtaudio_dl.core.control import load_word
from rtaudio_dl.engine import layout
from rtaudio_dl.engine.entries import apply_events, lacking, render, settle
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.instrument import Instrument
from rtaudio_dl.host.workers import Workers, workers_beside
from rtaudio_dl.values import check

MAX_SECONDS = 24 * 3600  # of one render
_CHUNK_SECONDS = 1.0  # between two looks at progress and Ctrl-C
_POLL_SECONDS = 0.005
_PATIENCE_SECONDS = 20.0  # for the engine to do what it was told


class Pace(Protocol):
    """What waits until an engine has done what it was told."""

    def until_ready(self, instrument: Instrument) -> None:
        """Return once an instrument that was activated can play."""

    def until_gone(self, instrument: Instrument) -> None:
        """Return once the last voice of a retired instrument has ended."""

    def until_applied(self) -> None:
        """Return once what is due by now is done, where no audio thread does it."""


class Renderer:
    """Runs an engine that no device drives, in blocks of ``block`` frames.

    ``feed(frames)`` hands over what the next frames need, and says for how many of them
    it could.
    """

    def __init__(self, engine: layout.Engine, block: int, feed: Callable[[int], int]):
        self._engine, self._feed, self.block = engine, feed, block
        self._rate = float(engine.master["sample_rate"][0])

    def render(
        self, seconds: float, progress: Callable[[float], None] | None = None
    ) -> np.ndarray:
        """The next ``seconds`` of sound, float32 (frames, 2)."""
        check("seconds", seconds, 0, MAX_SECONDS)
        out = np.zeros((round(seconds * self._rate), layout.OUTPUTS), np.float32)
        chunk = max(1, round(_CHUNK_SECONDS * self._rate / self.block))
        done = 0
        with workers_beside(self._engine, seconds):
            while done < len(out):
                frames = self._feed(min(chunk * self.block, len(out) - done))
                render(self._engine, out[done : done + frames], frames, self.block)
                done += frames
                if progress:
                    progress(done / self._rate)
        return out

    def until_ready(self, instrument: Instrument) -> None:
        """Make all sounds that an instrument needs, in no time."""
        missing = settle(self._engine, instrument.place)
        if missing:
            raise EngineError(f"{missing} sounds could not be made: memory is short")

    def until_gone(self, instrument: Instrument) -> None:
        """Render until an instrument's last voice has ended, a minute at most."""
        for _ in range(round(60 * self._rate / self.block)):
            if _life(self._engine, instrument) == layout.GONE:
                return
            self.render(self.block / self._rate)
        raise EngineError("the patch still sounds after a minute; lift its keys first")

    def until_applied(self) -> None:
        """Apply what is due by now, between two blocks."""
        self._feed(1)
        apply_events(self._engine)


class LivePace:
    """Waits for the audio thread while the workers run; before and after it is idle.

    ``prepare`` is told of an instrument that is active and soon plays.
    """

    def __init__(
        self,
        engine: layout.Engine,
        workers: Workers,
        prepare: Callable[[Instrument], None],
    ):
        self._engine, self._workers, self._prepare = engine, workers, prepare
        # What is sent to a live host lies in its ring already.
        self._idle = Renderer(engine, layout.SEGMENT, lambda frames: frames)

    def until_ready(self, instrument: Instrument) -> None:
        """Wait until all sounds that an instrument needs are there."""
        if not self._workers.running:
            self._idle.until_ready(instrument)
            return
        self._workers.start()  # that of its kind, if it is the first one
        self._wait(lambda: _life(self._engine, instrument) != layout.EMPTY)
        self._prepare(instrument)
        self._wait(lambda: lacking(self._engine, instrument.place) == 0)

    def until_gone(self, instrument: Instrument) -> None:
        """Wait until an instrument's last voice has ended."""
        if not self._workers.running:
            self._idle.until_gone(instrument)
            return
        self._wait(lambda: _life(self._engine, instrument) == layout.GONE)

    def until_applied(self) -> None:
        """Where no audio thread does it: apply what is due by now."""
        if not self._workers.running:
            self._idle.until_applied()

    def _wait(self, done: Callable[[], bool]) -> None:
        """Wait for the audio thread; every sound made meanwhile buys more time."""
        runs, until = -1, 0.0
        while not done():
            made = self._workers.runs()
            if made != runs:
                runs, until = made, time.monotonic() + _PATIENCE_SECONDS
            if time.monotonic() > until:
                raise EngineError(
                    "the engine did not answer; is the audio device running?"
                )
            time.sleep(_POLL_SECONDS)


def _life(engine: layout.Engine, instrument: Instrument) -> int:
    return load_word(engine.node_life, instrument.place)
