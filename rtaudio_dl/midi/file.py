"""Standard MIDI files: from an untrusted file to channel messages in seconds.

Written out here rather than read through mido, because mido has no bound on hostile
files (a delta time of 16 MiB of 0xFF takes hours, every event costs a Python object).
The tests hold mido beside it: both must give the same song.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import NoReturn

import numpy as np

from rtaudio_dl.errors import AudioFileError

MAX_FILE_BYTES = 16 << 20
MAX_EVENTS = 1_000_000
MAX_TRACKS = 1024
MAX_SECONDS = 6 * 3600
DEFAULT_TEMPO_US = 500_000  # microseconds per quarter note: 120 BPM
MAX_TEMPO_CHANGES = 100_000

EVENT = np.dtype(
    [("seconds", "<f8"), ("status", "u1"), ("data1", "u1"), ("data2", "u1")]
)

NOTE_OFF, NOTE_ON = 0x80, 0x90
# Bytes after the status byte, by the status byte's upper half.
DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
META, SYSEX, SYSEX_MORE = 0xFF, 0xF0, 0xF7
META_END, META_TEMPO = 0x2F, 0x51
SMPTE_FRAMES = {
    24: Fraction(24),
    25: Fraction(25),
    29: Fraction(30_000, 1001),  # 29.97 drop frame counts at this rate
    30: Fraction(30),
}


@dataclass(frozen=True)
class Note:
    """One key press: onset in seconds, channel 0..15, key 0..127, velocity 0..1."""

    seconds: float
    channel: int
    key: int
    velocity: float


@dataclass(frozen=True)
class Song:
    """The channel messages of a file, in time order.

    ``events`` is a read-only array of dtype `EVENT`; messages at one instant keep their
    order (by track, then as written). ``seconds`` is the time of the last event of
    any kind, end-of-track marks included.
    """

    events: np.ndarray
    seconds: float

    def notes(self) -> list[Note]:
        """Every note-on with a velocity above 0, in time order."""
        kind = self.events["status"] & 0xF0
        onsets = self.events[(kind == NOTE_ON) & (self.events["data2"] > 0)]
        return [
            Note(float(t), int(status) & 0x0F, int(key), int(velocity) / 127)
            for t, status, key, velocity in onsets
        ]


def read_song(path: str | PathLike[str]) -> Song:
    """Read a standard MIDI file of type 0 or 1.

    Kept are note on and off, control change, program change, pitch bend, and channel
    and key pressure; tempo changes of all tracks and SMPTE time codes are followed.
    Raises AudioFileError for anything that is not a whole, well-formed file of at most
    16 MiB, 1024 tracks, a million events and six hours.
    """
    return _Reader(Path(path)).song()


class _Reader:
    """Reads one file; every failure names the file and the place in it."""

    def __init__(self, path: Path):
        self.path = path
        self.content = self.load()
        self.event_count = 0
        self.last_tick = 0
        self.messages: list[tuple[int, int, int, int]] = []
        self.tempos: list[tuple[int, int]] = []

    def fail(self, what: str, next_step: str = "export the song again") -> NoReturn:
        raise AudioFileError(f"{self.path}: {what}; {next_step}")

    def load(self) -> bytes:
        if not self.path.is_file():
            self.fail("no such file", "give the path of a .mid file")
        try:
            with open(self.path, "rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            self.fail(f"cannot be read: {error.strerror}", "check its permissions")
        if len(content) > MAX_FILE_BYTES:
            self.fail(f"larger than the {MAX_FILE_BYTES} bytes allowed", "split it")
        return content

    def song(self) -> Song:
        tracks, division = self.header()
        for start, end in self.track_chunks(tracks):
            self.track(start, end)
        # Stable: one instant keeps the order of tracks and of each track's messages.
        self.messages.sort(key=lambda message: message[0])
        return self.timed(self.clock(division))

    def header(self) -> tuple[int, int]:
        if self.content[:4] != b"MThd" or len(self.content) < 14:
            self.fail(
                f"starts with {self.content[:4]!r}, not with a b'MThd' header",
                "give a standard MIDI file (.mid)",
            )
        kind, tracks, division = struct.unpack_from(">HHH", self.content, 8)
        if kind > 1:
            self.fail(f"MIDI file type {kind}, allowed: 0, 1", "export it as type 1")
        if not 1 <= tracks <= MAX_TRACKS:
            self.fail(f"{tracks} tracks, allowed: 1 to {MAX_TRACKS}")
        return tracks, division

    def track_chunks(self, tracks: int) -> Iterator[tuple[int, int]]:
        """Start and end of each track's bytes; chunks of other kinds are skipped."""
        at, found = 8 + struct.unpack_from(">L", self.content, 4)[0], 0
        while found < tracks:
            if at + 8 > len(self.content):
                self.fail(f"ends after {found} of its {tracks} tracks")
            name, length = struct.unpack_from(">4sL", self.content, at)
            start, at = at + 8, at + 8 + length
            if at > len(self.content):
                self.fail(f"cut off: a chunk ends at byte {at}, the file before it")
            if name == b"MTrk":
                found += 1
                yield start, at

    def track(self, at: int, end: int) -> None:
        """Collect one track's messages and tempos with their tick."""
        tick, status = 0, 0
        while at < end:
            self.count_event()
            delta, at = self.variable(at, end)
            tick += delta
            first = self.byte(at, end)
            if first >= 0xF0:
                kind, at = self.meta_or_sysex(first, tick, at + 1, end)
                if kind == META_END:
                    break
                continue
            if first >= 0x80:  # else running status: this is the first data byte
                status, at = first, at + 1
            at = self.channel_message(status, tick, at, end)
        self.last_tick = max(self.last_tick, tick)

    def count_event(self) -> None:
        self.event_count += 1
        if self.event_count > MAX_EVENTS:
            self.fail(f"more than the {MAX_EVENTS} events allowed", "split the song")

    def byte(self, at: int, end: int) -> int:
        if at >= end:
            self.fail(f"a track is cut off at byte {end}")
        return self.content[at]

    def variable(self, at: int, end: int) -> tuple[int, int]:
        """A variable-length number of at most four bytes, and where it ends."""
        value = 0
        for place in range(at, at + 4):
            byte = self.byte(place, end)
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value, place + 1
        self.fail(f"a number at byte {at} is longer than four bytes")

    def meta_or_sysex(
        self, first: int, tick: int, at: int, end: int
    ) -> tuple[int | None, int]:
        """Skip an event that carries its own length; returns a meta event's kind."""
        kind = None
        if first == META:
            kind, at = self.byte(at, end), at + 1
        elif first not in (SYSEX, SYSEX_MORE):
            self.fail(f"status byte {first:#04x} at byte {at - 1} is not for files")
        length, at = self.variable(at, end)
        if at + length > end:
            self.fail(f"an event at byte {at} is cut off")
        if kind == META_TEMPO:
            self.tempo(tick, self.content[at : at + length], at)
        return kind, at + length

    def tempo(self, tick: int, payload: bytes, at: int) -> None:
        tempo_us = int.from_bytes(payload, "big")
        if len(payload) != 3 or tempo_us == 0:
            self.fail(f"tempo {payload[:8].hex(' ')!r} at byte {at} is not a tempo")
        self.tempos.append((tick, tempo_us))
        if len(self.tempos) > MAX_TEMPO_CHANGES:
            self.fail(f"more than the {MAX_TEMPO_CHANGES} tempo changes allowed")

    def channel_message(self, status: int, tick: int, at: int, end: int) -> int:
        """Keep one message; returns where it ends."""
        if not status:
            self.fail(f"data byte without a status byte at byte {at}")
        data1, after = self.byte(at, end), at + 1
        data2 = 0
        if DATA_BYTES[status >> 4] == 2:
            data2, after = self.byte(after, end), after + 1
        if (data1 | data2) > 0x7F:
            self.fail(f"data bytes {data1}, {data2} at byte {at}, allowed: 0 to 127")
        self.messages.append((tick, status, data1, data2))
        return after

    def clock(self, division: int) -> _Clock:
        if division & 0x8000:
            rate = SMPTE_FRAMES.get(256 - (division >> 8))
            ticks = division & 0xFF
            if rate is None or not ticks:
                self.fail(f"time code division {division:#06x} is not known")
            return _Clock([(0, 1_000_000)], rate * ticks)
        if division == 0:
            self.fail("0 ticks per quarter note, allowed: 1 to 32767")
        tempos = sorted(self.tempos, key=lambda change: change[0])
        return _Clock([(0, DEFAULT_TEMPO_US), *tempos], Fraction(division))

    def timed(self, clock: _Clock) -> Song:
        seconds = clock.seconds(self.last_tick)
        if seconds > MAX_SECONDS:
            self.fail(f"lasts {seconds:.0f} s, allowed: {MAX_SECONDS}", "split it")
        events = np.zeros(len(self.messages), EVENT)
        if self.messages:
            ticks, *fields = np.array(self.messages, np.int64).T
            events["seconds"] = clock.seconds_of(ticks)
            for name, values in zip(EVENT.names[1:], fields, strict=True):
                events[name] = values
        events.flags.writeable = False
        return Song(events, seconds)


class _Clock:
    """Ticks to seconds over a tempo map.

    ``changes`` are (tick, microseconds per beat) in time order, ``ticks_per_beat`` is
    exact. Time is summed in whole microseconds x ticks, so that it never drifts.
    """

    def __init__(self, changes: list[tuple[int, int]], ticks_per_beat: Fraction):
        self.ticks = [tick for tick, _ in changes]
        self.tempos = [tempo for _, tempo in changes]
        self.elapsed = [0]
        for i in range(1, len(changes)):
            span = self.ticks[i] - self.ticks[i - 1]
            self.elapsed.append(self.elapsed[-1] + span * self.tempos[i - 1])
        self.unit = 1 / (1_000_000 * ticks_per_beat)

    def seconds(self, tick: int) -> float:
        """One time, exact until it is rounded once, however far away it is."""
        i = int(np.searchsorted(self.ticks, tick, side="right")) - 1
        elapsed = self.elapsed[i] + (tick - self.ticks[i]) * self.tempos[i]
        return float(elapsed * self.unit)

    def seconds_of(self, ticks: np.ndarray) -> np.ndarray:
        """Many times, float64; for ticks within MAX_SECONDS, which int64 can hold."""
        i = np.searchsorted(self.ticks, ticks, side="right") - 1
        spans = ticks - np.array(self.ticks)[i]
        elapsed = np.array(self.elapsed)[i] + spans * np.array(self.tempos)[i]
        return elapsed * self.unit.numerator / self.unit.denominator
