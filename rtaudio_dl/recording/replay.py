"""A flight recording rendered again: the same events and sounds at the same frames.

The bytes are those that were heard, for the engine's output depends on nothing else:
not on blocks, and when a sound was ready was recorded, too.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rtaudio_dl.core.control import push, store_word
from rtaudio_dl.engine import events
from rtaudio_dl.engine.entries import apply_events, render
from rtaudio_dl.engine.layout import EMPTY, NONE, OUTPUTS, REPLAYED, SEGMENT
from rtaudio_dl.errors import AudioFileError
from rtaudio_dl.host.host import Host
from rtaudio_dl.host.instrument import install
from rtaudio_dl.kinds import find_kind
from rtaudio_dl.kinds.sound import kind as whole_sounds
from rtaudio_dl.kinds.sound.entries import prepare
from rtaudio_dl.kinds.sound.kind import Sounds, make_ready
from rtaudio_dl.kinds.stream.kind import drop_hop
from rtaudio_dl.models.library import find_model
from rtaudio_dl.models.model import read_card
from rtaudio_dl.patches.patch import Patch
from rtaudio_dl.recording.flight import Flight, FlownPatch, read_flight

MAX_SECONDS = 6 * 3600


class _Sound(NamedTuple):
    """What a voice began with, and when; ``began`` is None for one that never did."""

    patch: int
    number: int
    morph: float
    variation: float
    began: int | None


class Replay:
    """Renders a flight recording. ``taps`` are the parts that were recorded live, as
    frames (first, after the last) of the result."""

    def __init__(self, path: Path, provider: str = "auto"):
        self.path, self.provider = path, provider
        self.flight = read_flight(path)
        self._check(self.flight)
        self.taps: list[tuple[int, int]] = []
        self._patches = deque(self.flight.patches)
        self._loaded: dict[int, FlownPatch] = {}
        self._sounds = self._match_sounds()
        self._waiting: list[tuple[int, Sounds, int]] = []  # frame, slot ready then

    def _check(self, flight: Flight) -> None:
        seconds = (flight.end - flight.start) / flight.sample_rate
        if not 0 <= seconds <= MAX_SECONDS:
            raise AudioFileError(
                f"{self.path} lasts {seconds:g} s; at most {MAX_SECONDS} s are allowed"
            )
        if flight.lost:
            raise AudioFileError(
                f"{self.path} lacks {flight.lost} events that came too fast to be "
                "written; it cannot be rendered exactly"
            )

    def _match_sounds(self) -> dict[tuple[int, int, int], deque[_Sound]]:
        """Sounds by frame of the strike, channel and key, in the order of strikes."""
        found: dict[tuple[int, int, int], deque[_Sound]] = defaultdict(deque)
        recorded = self.flight.events
        firsts = np.flatnonzero(recorded["kind"] == events.SOUND)
        for first in firsts[firsts + 1 < len(recorded)]:
            sound, struck = recorded[first], recorded[first + 1]
            began = int(struck["time"])
            strike = (began - int(struck["clock"]), *_place(struck))
            found[strike].append(
                _Sound(
                    *(int(sound["channel"]), int(sound["key"])),
                    *(float(sound["value"]), float(struck["value"]), began),
                )
            )
        return found

    def render(
        self, progress: Callable[[float], None] = lambda seconds: None
    ) -> np.ndarray:
        """The whole flight, float32 (frames, 2)."""
        flight = self.flight
        self._out = np.zeros((flight.end - flight.start, OUTPUTS), np.float32)
        with Host(
            flight.sample_rate, polyphony=flight.polyphony, provider=self.provider
        ) as host:
            self._host = host
            host.engine.master["frame"] = flight.start
            store_word(host.engine.switches, REPLAYED, 1)
            for event in flight.events:
                self._render_to(int(event["time"]))
                self._apply(event)
                progress((host.frame - flight.start) / flight.sample_rate)
            self._render_to(flight.end)
        self._end_tap(flight.end)
        return self._out

    def _render_to(self, frame: int) -> None:
        """Render up to a frame; sounds that were late become ready in their frames."""
        stops = sorted({f for f, *_ in self._waiting if f < frame} | {frame})
        for stop in stops:
            first, last = self._host.frame, min(stop, self.flight.end)
            base = self.flight.start
            piece = self._out[first - base : last - base]
            render(self._host.engine, piece, len(piece), SEGMENT)
            self._wake(stop)

    def _wake(self, frame: int) -> None:
        for ready, sounds, slot in self._waiting:
            if ready <= frame:
                make_ready(sounds, slot)
        self._waiting = [waits for waits in self._waiting if waits[0] > frame]

    def _apply(self, event: np.void) -> None:
        kind = int(event["kind"])
        if kind in (events.SOUND, events.STRUCK):
            return
        if kind == events.TAP:
            self._tap(event)
            return
        if kind == events.LATE:
            stream = self._host.instruments[int(event["channel"])]
            serial, hop = int(event["value"]), int(event["key"])
            drop_hop(self._host.engine, stream, serial, hop)
            return
        if kind == events.ACTIVATE:
            self._install(int(event["key"]))
        elif kind == events.NOTE_ON:
            self._prepare(event)
        copy = event.copy()
        copy["clock"] = events.FRAMES
        push(
            self._host.engine.control_ring,
            self._host.engine.control_cursors,
            np.array([copy], events.EVENT)[0],
        )
        apply_events(self._host.engine)

    def _tap(self, event: np.void) -> None:
        frame = int(event["time"]) - self.flight.start
        if event["key"]:
            self.taps.append((frame, -1))
        else:
            self._end_tap(frame + self.flight.start)

    def _end_tap(self, frame: int) -> None:
        if self.taps and self.taps[-1][1] < 0:
            self.taps[-1] = (self.taps[-1][0], frame - self.flight.start)

    def _install(self, place: int) -> None:
        engine, host = self._host.engine, self._host
        if not self._patches or self._patches[0].place != place:
            raise AudioFileError(f"{self.path}: no patch was kept for place {place}")
        flown = self._patches.popleft()
        gone = host.instruments.pop(place, None)
        if gone is not None:
            gone.close()
            store_word(engine.node_life, place, EMPTY)
        patch = flown.patch
        if _has_whole_sounds(patch):
            # A key plays what `prepare` puts there, and asks for no more.
            patch = dataclasses.replace(patch, freshness="frozen")
        instrument = install(engine, patch, place, host.provider)
        host.instruments[place] = instrument
        if instrument.model.digest != flown.digest:
            raise AudioFileError(
                f"{self.path} was played with another {patch.model!r}: digest "
                f"{flown.digest[:12]}, the file here has {instrument.model.digest[:12]}"
            )
        self._loaded[place] = flown

    def _prepare(self, event: np.void) -> None:
        strike = (int(event["time"]), *_place(event))
        sounds = self._sounds.get(strike)
        if sounds is None or not sounds:
            self._prepare_silence(event)
            return
        sound = sounds.popleft()
        flown = self._loaded.get(sound.patch)
        if flown is None:
            raise AudioFileError(f"{self.path}: patch {sound.patch} was not loaded")
        fresh = flown.patch.freshness == "fresh"
        ready = sound.began == strike[0]
        slot = prepare(
            self._host.engine,
            *(sound.patch, strike[2], sound.number, sound.morph, sound.variation),
            *(float(event["value"]) if fresh else 1.0, ready),
        )
        if slot == NONE:
            raise AudioFileError(f"{self.path}: no memory for a sound")
        if not ready:
            sounds = self._host.instruments[sound.patch]
            self._waiting.append((sound.began, sounds, slot))

    def _prepare_silence(self, event: np.void) -> None:
        """A note that ended while it waited takes its place all the same."""
        engine = self._host.engine
        place = int(engine.channels["node"][int(event["channel"])])
        key = int(event["key"])
        if not isinstance(self._host.instruments.get(place), Sounds):
            return
        if engine.keys[place, key]["mapped"]:
            prepare(engine, place, key, 0, 0.0, 0.0, 1.0, False)


def _has_whole_sounds(patch: Patch) -> bool:
    return find_kind(read_card(find_model(patch.model)).kind) is whole_sounds


def _place(event: np.void) -> tuple[int, int]:
    return int(event["channel"]), int(event["key"])
