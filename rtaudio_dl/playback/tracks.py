"""Sound files beside instruments: tracks, their places, and who reads ahead."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from rtaudio_dl.core.control import load_word, store_word
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.core.priority import lock_memory
from rtaudio_dl.engine.layout import (
    ACTIVE,
    FLIGHT_ON,
    TRACKS_NODE,
    Engine,
)
from rtaudio_dl.errors import EngineError
from rtaudio_dl.playback.kernels import EMPTY, PLAYER, TRACKS, process
from rtaudio_dl.playback.track import Track
from rtaudio_dl.values import LATEST_SECONDS, check

_POLL_SECONDS = 0.05


class Playback:
    """Plays sound files beside the instruments of an engine at a rate in Hz."""

    def __init__(self, engine: Engine, sample_rate: int, say: Callable[[str], None]):
        self._engine, self._rate = engine, sample_rate
        self.tracks = Tracks(engine, say)

    def play(
        self, path: str | os.PathLike[str], at: float | None, **options: Any
    ) -> Track:
        """Play a file from ``at`` s of the host on, None: now; ``options``: `Track`'s.

        Raises AudioFileError or EngineError.
        """
        frame = int(self._engine.master["frame"][0])
        start = frame
        if at is not None:
            check("at", at, 0, LATEST_SECONDS)
            start = round(at * self._rate)
        if start < frame:
            raise EngineError(
                f"at={at:g} s is past; the host is at {frame / self._rate:g} s"
            )
        if load_word(self._engine.switches, FLIGHT_ON):
            raise EngineError(
                "a flight recording holds no sound files; stop it first, or record "
                "what is heard"
            )
        return self.tracks.add(path, start, **options)


class Tracks:
    """Up to four tracks that play at once.

    `fill` reads ahead for all of them: an offline host calls it before it renders, a
    live one has `start` call it from a thread.
    """

    def __init__(self, engine: Engine, say: Callable[[str], None]):
        self._engine, self._say = engine, say
        self._player: Memory | None = None
        self._tracks: list[Track] = []
        self._lock = threading.Lock()  # of the list
        self._wake, self._ended = threading.Event(), False
        self._thread: threading.Thread | None = None

    def add(self, path: str | os.PathLike[str], start: int, **options: Any) -> Track:
        """Open a file; it begins at a frame of the engine. See `Track`."""
        self.fill()
        with self._lock:
            player = self._open()
            life = player.track_life
            free = [p for p in range(TRACKS) if load_word(life, p) == EMPTY]
            if not free:
                raise EngineError(
                    f"no place for {os.fspath(path)}: {TRACKS} files play already; "
                    "stop one first"
                )
            track = Track(
                *(self._engine, player, free[0], path, self._wake, self._say),
                start=start,
                **options,
            )
            if self._thread is not None:
                lock_memory(track.memory)  # as the engine's own
            self._tracks.append(track)
            return track

    def _open(self) -> Memory:
        """The node of the tracks, made when the first file is played."""
        if self._player is None:
            self._player = Memory(PLAYER)
            lock_memory(self._player.array)
            node = self._engine.nodes[TRACKS_NODE : TRACKS_NODE + 1]
            node["state"] = self._player.address
            node["process"] = process.address
            store_word(self._engine.node_life, TRACKS_NODE, ACTIVE)
        return self._player

    def fill(self) -> None:
        """Decode ahead for all tracks, and close those that have ended."""
        with self._lock:
            for track in [track for track in self._tracks if track.ended]:
                track.close()
                self._tracks.remove(track)
            for track in self._tracks:
                track.fill()

    def __len__(self) -> int:
        return len(self._tracks)

    def __iter__(self) -> Iterator[Track]:
        return iter(self._tracks)

    def stop(self) -> None:
        """Let all tracks fade out."""
        with self._lock:
            for track in self._tracks:
                track.stop()

    def start(self) -> None:
        """Read ahead from a thread of its own."""
        if self._thread is None:
            self._ended = False
            self._thread = start_thread(self._run, "tracks")

    def _run(self) -> None:
        while not self._ended:
            self._wake.wait(_POLL_SECONDS)
            self._wake.clear()
            self.fill()

    def close(self) -> None:
        """End the thread and close all files; no audio thread may run any more."""
        thread, self._thread = self._thread, None
        self._ended = True
        self._wake.set()
        tracks, self._tracks = self._tracks, []
        do_all(lambda: join(thread), *(track.close for track in tracks))
