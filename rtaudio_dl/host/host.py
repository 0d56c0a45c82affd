"""The host: an engine, its patches, and what a musician or a program does with them.

`Host` renders offline; `rtaudio_dl.host.live.LiveHost` is the same with devices.

    >>> import rtaudio_dl
    >>> with rtaudio_dl.Host() as host:
    ...     drums = host.load("drums")
    ...     host.note_on(36, 0.9, at=0.0)
    ...     host.note_on(38, 0.7, at=0.5)
    ...     audio = host.render(1.5)
    >>> audio.shape, bool(abs(audio).max() > 0.1)
    ((72000, 2), True)
"""

from __future__ import annotations

import heapq
import itertools
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np

from rtaudio_dl.core.control import load_word, push, readable, store_word
from rtaudio_dl.core.lifetime import do_all
from rtaudio_dl.core.objects import prepare
from rtaudio_dl.core.system import performance_clock
from rtaudio_dl.engine import events, layout
from rtaudio_dl.engine.entries import render, settle
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.controls import Player
from rtaudio_dl.host.counts import engine_counts
from rtaudio_dl.host.graph import connect, install_master
from rtaudio_dl.host.instrument import Instrument, install
from rtaudio_dl.host.workers import workers_beside
from rtaudio_dl.kinds import ENGINE
from rtaudio_dl.patches.patch import Patch, find_patch
from rtaudio_dl.playback.tracks import FilePlayer, Tracks
from rtaudio_dl.recording.flight import FlightRecorder
from rtaudio_dl.values import check, check_whole

SAMPLE_RATES = (8_000, 192_000)  # Hz
MAX_POLYPHONY = 64
MAX_BLOCK = 8192
MAX_SECONDS = 24 * 3600  # of one render
_CHUNK_SECONDS = 1.0  # between two looks at progress and Ctrl-C


class Host(Player, FilePlayer):
    """An engine that renders: ``sample_rate`` in Hz, ``polyphony`` 1..64 voices.

    Times (``at``) are in seconds since the host was made; None means now. Keys and
    channels count from 0 as MIDI's do, velocities are 0..1. Every method checks its
    values and raises EngineError or PatchError. Use it in a ``with`` block.
    """

    running = False  # whether an audio thread plays

    def __init__(
        self,
        sample_rate: int = 48_000,
        *,
        polyphony: int = 32,
        block: int = 128,
        provider: str = "auto",
    ):
        check_whole("sample_rate", sample_rate, *SAMPLE_RATES)
        check_whole("polyphony", polyphony, 1, MAX_POLYPHONY)
        check_whole("block", block, 1, MAX_BLOCK)
        self.sample_rate, self.block, self.provider = sample_rate, block, provider
        self.instruments: dict[int, Instrument] = {}  # by place in the engine
        prepare(ENGINE)
        self.engine = self._new_engine(polyphony)
        install_master(self.engine)
        _set_clock(self.engine.master)
        self._queue: list[tuple[int, int, np.ndarray]] = []  # by frame, then as asked
        self._order = itertools.count()
        self._flight: FlightRecorder | None = None
        self.tracks = Tracks(self.engine, self._say)
        self._closed = False

    def _say(self, line: str) -> None:
        warnings.warn(line, stacklevel=2)

    def _new_engine(self, polyphony: int) -> layout.Engine:
        return layout.Engine(self.sample_rate, polyphony)

    # --- patches

    def load(self, patch: str | Patch, channel: int | None = None) -> Instrument:
        """Load a patch (a name, a TOML file or a `Patch`) and wait until it can play.

        It goes to one channel, or to all of them; its MIDI program is the one that it
        names, else the number of patches before it. Voices that sound keep sounding.
        """
        self._require_open()
        patch = find_patch(patch) if isinstance(patch, str) else patch
        if channel is not None:
            check_whole("channel", channel, 0, layout.CHANNELS - 1)
        place = self._free_place(patch)
        instrument = install(self.engine, patch, place, self.provider)
        self.instruments[place] = instrument
        if self._flight is not None:
            self._flight.add_patch(instrument.patch, place, instrument.model.digest)
        self._command(events.ACTIVATE, place)
        self._fill(place)
        if self.engine.nodes[place]["take"]:  # no effect: it can be played
            program = patch.program if patch.program is not None else place
            self._command(events.MAP_PROGRAM, program, channel=place)
            self.assign(instrument, channel)
        return instrument

    def assign(self, instrument: Instrument, channel: int | None = None) -> None:
        """Let a channel, or all of them, play a loaded patch from now on."""
        self._require_loaded(instrument)
        if channel is not None:
            check_whole("channel", channel, 0, layout.CHANNELS - 1)
        for number in range(layout.CHANNELS) if channel is None else (channel,):
            self._command(events.PATCH, instrument.place, channel=number)

    def unload(self, instrument: Instrument) -> None:
        """Take a patch away once its last voice has ended, and free its memory."""
        self._require_loaded(instrument)
        self._command(events.RETIRE, instrument.place)
        self._wait_until_gone(instrument.place)
        del self.instruments[instrument.place]
        instrument.close()
        store_word(self.engine.node_life, instrument.place, layout.EMPTY)
        if instrument.place in self.engine.ways:
            connect(self.engine, instrument.place, blocks=self.running)

    def _free_place(self, patch: Patch) -> int:
        free = [p for p in range(layout.PLACES) if p not in self.instruments]
        if not free:
            have = ", ".join(i.patch.name for i in self.instruments.values())
            raise EngineError(
                f"no place for patch {patch.name!r}: {layout.PLACES} are loaded "
                f"({have}); unload one first"
            )
        return free[0]

    def _fill(self, place: int) -> None:
        lacking = settle(self.engine, place)
        if lacking:
            raise EngineError(f"{lacking} sounds could not be made: memory is short")

    def _wait_until_gone(self, place: int) -> None:
        for _ in range(60 * self.sample_rate // self.block):
            if self._life(place) == layout.GONE:
                return
            self.render(self.block / self.sample_rate)
        raise EngineError("the patch still sounds after a minute; lift its keys first")

    def _life(self, place: int) -> int:
        return load_word(self.engine.node_life, place)

    # --- events

    def set(
        self,
        name: str,
        value: float,
        instrument: Instrument,
        at: float | None = None,
    ) -> None:
        """Set a parameter of a loaded patch; `patches.patch.PARAMETERS` lists them."""
        self._require_loaded(instrument)
        super().set(name, value, instrument, at)

    def _command(
        self, kind: int, key: int, channel: int = 0, value: float = 0.0
    ) -> None:
        self._feed(1)  # what is due by now comes first
        super()._command(kind, key, channel, value)

    def _send(self, event: np.ndarray, at: float | None) -> None:
        frame = self.frame if at is None else round(at * self.sample_rate)
        if frame < self.frame:
            raise EngineError(
                f"at={at:g} s is past; the host is at {self.seconds:g} s already"
            )
        event["time"] = frame
        heapq.heappush(self._queue, (frame, next(self._order), event))

    def _push(self, event: np.ndarray) -> None:
        if not push(self.engine.control_ring, self.engine.control_cursors, event[0]):
            raise EngineError(
                f"more than {events.RING_SIZE} events wait; let the engine run between"
            )

    # --- sound

    def render(
        self, seconds: float, progress: Callable[[float], None] | None = None
    ) -> np.ndarray:
        """The next ``seconds`` of sound, float32 (frames, 2), within -1..1.

        The same patches and events give the same bytes. ``progress`` is told the
        seconds that are done.
        """
        self._require_open()
        check("seconds", seconds, 0, MAX_SECONDS)
        out = np.zeros((round(seconds * self.sample_rate), layout.OUTPUTS), np.float32)
        chunk = max(1, round(_CHUNK_SECONDS * self.sample_rate / self.block))
        done = 0
        with workers_beside(self.engine, seconds):
            while done < len(out):
                frames = self._feed(min(chunk * self.block, len(out) - done))
                self.tracks.fill()
                render(self.engine, out[done : done + frames], frames, self.block)
                done += frames
                if progress:
                    progress(done / self.sample_rate)
        return out

    def _feed(self, frames: int) -> int:
        """Hand over the next frames' events; fewer frames if there are too many."""
        end = self.frame + frames
        ring, cursors = self.engine.control_ring, self.engine.control_cursors
        while self._queue and self._queue[0][0] < end:
            if readable(cursors) >= len(ring):
                blocks = (self._queue[0][0] - self.frame) // self.block
                return min(frames, max(1, blocks) * self.block)
            push(ring, cursors, heapq.heappop(self._queue)[2][0])
        return frames

    # --- flight recorder

    def record_flight(self, path: str | Path) -> None:
        """Keep everything that happens from now on, to be rendered again exactly.

        It has to be called before the first patch is loaded.
        """
        self._require_open()
        if self.instruments or self._flight is not None or len(self.tracks):
            raise EngineError(
                "a flight recording begins before the first patch or sound file"
            )
        self._flight = FlightRecorder(self.engine, Path(path), self._say)

    def stop_flight(self) -> Path | None:
        """Finish the flight recording, if there is one; returns its file."""
        flight, self._flight = self._flight, None
        return flight.stop() if flight else None

    # --- state

    @property
    def frame(self) -> int:
        """Frames since the host was made."""
        return int(self.engine.master["frame"][0])

    @property
    def seconds(self) -> float:
        """Seconds since the host was made."""
        return self.frame / self.sample_rate

    def counts(self) -> dict[str, int]:
        """All that the engine counts, see `rtaudio_dl.host.counts.engine_counts`."""
        return engine_counts(self.engine)

    def close(self) -> None:
        """Finish a flight recording and release all models; again: nothing."""
        self._closed = True
        instruments, self.instruments = self.instruments, {}
        closing = [instrument.close for instrument in instruments.values()]
        do_all(self.stop_flight, self.tracks.close, *closing)

    def _require_open(self) -> None:
        # The memory of the models is gone, and the engine still points to it.
        if self._closed:
            raise EngineError("the host is closed; make a new one")

    def _require_loaded(self, instrument: Instrument) -> None:
        if self.instruments.get(instrument.place) is not instrument:
            raise EngineError(
                f"patch {instrument.patch.name!r} is not loaded here; load it again"
            )

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _set_clock(master: np.ndarray) -> None:
    clock, record = performance_clock(), master["clock"]
    record["address"], record["id"] = clock.address, clock.id
    record["tick"], record["thread_id"] = clock.tick, clock.thread_id
