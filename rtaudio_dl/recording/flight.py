"""Flight recordings: everything that the sound depended on, to be rendered again.

A file is a magic word and chunks of ``kind (4 bytes), length (uint32), payload``: one
``HEAD`` (JSON: how the engine was set up), a ``PTCH`` (JSON) per patch before it was
activated, ``EVTS`` (records of `rt.events.EVENT`), one ``ENDS`` (JSON) at the end.
It only grows, so what a crash leaves behind can be read up to there.
"""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from rtaudio_dl.core.control import dropped, pop_many, store_word
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.core.ring import new_cursors
from rtaudio_dl.engine.events import EVENT
from rtaudio_dl.engine.layout import FLIGHT_ON, PLACES, Engine
from rtaudio_dl.errors import AudioFileError
from rtaudio_dl.patches.patch import Patch, parse_patch

SUFFIX = ".flight"
MAGIC = b"rtdlflt1"
MAX_FILE_BYTES = 1 << 30
MAX_CHUNK_BYTES = 16 << 20
_POLL_SECONDS = 0.1
_BATCH = 4096  # events


@dataclass(frozen=True)
class FlownPatch:
    """A patch as it was loaded: its place in the engine and the model's digest."""

    place: int
    digest: str
    patch: Patch


@dataclass(frozen=True)
class Flight:
    """A recording read back: ``events`` is an array of `EVENT`, in order.

    ``end`` is the frame after the last one; ``lost`` events did not fit the ring.
    """

    sample_rate: int
    polyphony: int
    start: int
    end: int
    lost: int
    patches: tuple[FlownPatch, ...]
    events: np.ndarray


class FlightRecorder:
    """Writes an engine's flight ring to a file, from a thread of its own.

    It has to begin before the first patch is loaded. ``say`` gets one line if writing
    fails; the sound goes on. Raises AudioFileError if the file cannot be begun.
    """

    def __init__(
        self, engine: Engine, path: Path, say: Callable[[str], None] = lambda line: None
    ):
        if path.suffix != SUFFIX:
            raise AudioFileError(f"{path}: flight recordings end in {SUFFIX}")
        if path.exists():
            raise AudioFileError(f"{path} exists already; take another name")
        self.path, self._engine, self._say = path, engine, say
        self._batch = np.zeros(_BATCH, EVENT)
        pop_many(self._batch[:1], new_cursors(), self._batch)  # loaded now, not later
        self._lock = threading.Lock()
        self._ended = threading.Event()
        master = engine.master[0]
        try:
            self._file: BinaryIO | None = path.open("xb", buffering=0)
        except OSError as error:
            raise AudioFileError(
                f"{path} cannot be written: {error.strerror}"
            ) from None
        try:
            self._write(MAGIC)
            self._chunk(
                b"HEAD",
                sample_rate=int(master["sample_rate"]),
                polyphony=int(master["polyphony"]),
                start=int(master["frame"]),
            )
            self._thread = start_thread(self._run, "flight")
        except BaseException:
            if self._file is not None:
                self._file.close()
            path.unlink(missing_ok=True)
            raise
        store_word(engine.switches, FLIGHT_ON, 1)

    def add_patch(self, patch: Patch, place: int, digest: str) -> None:
        """Keep a patch, before its first event."""
        with self._lock:
            self._drain()
            self._chunk(b"PTCH", place=place, digest=digest, patch=_fields(patch))

    def stop(self) -> Path:
        """Write what is left, and the end; returns the file. Again: nothing."""
        if not self._ended.is_set():
            store_word(self._engine.switches, FLIGHT_ON, 0)
            self._ended.set()
            do_all(lambda: join(self._thread), self._finish, self._close)
        return self.path

    def _finish(self) -> None:
        with self._lock:
            self._drain()
            end = int(self._engine.master["frame"][0])
            lost = dropped(self._engine.flight_cursors)
            self._chunk(b"ENDS", end=end, lost=lost)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _run(self) -> None:
        while not self._ended.wait(_POLL_SECONDS):
            with self._lock:
                self._drain()

    def _drain(self) -> None:
        ring, cursors = self._engine.flight_ring, self._engine.flight_cursors
        while count := pop_many(ring, cursors, self._batch):
            self._raw(b"EVTS", self._batch[:count].tobytes())

    def _chunk(self, kind: bytes, **fields: Any) -> None:
        self._raw(kind, json.dumps(fields).encode())

    def _raw(self, kind: bytes, payload: bytes) -> None:
        self._write(kind + struct.pack("<I", len(payload)) + payload)

    def _write(self, data: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(data)
        except OSError as error:
            self._file.close()
            self._file = None
            self._say(
                f"flight recording stopped: {error.strerror}; the sound goes on, and "
                "what was written is kept"
            )


def _fields(patch: Patch) -> dict[str, Any]:
    """A patch as `rtaudio_dl.patches.patch.parse_patch` reads it."""
    fields = asdict(patch)
    fields = {name: value for name, value in fields.items() if value is not None}
    fields["controls"] = {str(n): name for n, name in patch.controls.items()}
    keys = {}
    for number, key in patch.keys.items():
        keys[str(number)] = asdict(key)
        keys[str(number)]["class"] = keys[str(number)].pop("classes")
    fields["keys"] = keys
    corners = fields.pop("corners")
    if corners:
        fields["morph"] = {"corners": corners}
    fields["label"] = fields.pop("name")
    return fields


def read_flight(path: Path) -> Flight:
    """Read a flight recording, an untrusted file. Raises AudioFileError."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise AudioFileError(f"{path} is larger than {MAX_FILE_BYTES} bytes")
        with path.open("rb") as file:
            return _flight(path, file)
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AudioFileError(f"{path} is not a flight recording: {error!r}") from None


def _flight(path: Path, file: BinaryIO) -> Flight:
    if file.read(len(MAGIC)) != MAGIC:
        raise AudioFileError(f"{path} is not a flight recording of this version")
    head, ends, patches, events = None, None, [], [np.zeros(0, EVENT)]
    for kind, payload in _chunks(file):
        if kind == b"HEAD":
            head = json.loads(payload)
        elif kind == b"PTCH":
            patches.append(_patch(json.loads(payload), str(path)))
        elif kind == b"EVTS":
            events.append(np.frombuffer(payload, EVENT))
        elif kind == b"ENDS":
            ends = json.loads(payload)
    whole = np.concatenate(events)
    last = int(whole["time"].max(initial=int(head["start"])))
    if (np.diff(whole["time"]) < 0).any():
        raise AudioFileError(f"{path}: its events are not in order")
    return Flight(
        sample_rate=int(head["sample_rate"]),
        polyphony=int(head["polyphony"]),
        start=int(head["start"]),
        end=max(last, int(ends["end"])) if ends else last,
        lost=int(ends["lost"]) if ends else 0,
        patches=tuple(patches),
        events=whole,
    )


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Whole chunks; one that was cut off ends the file."""
    while len(header := file.read(8)) == 8:
        kind, length = header[:4], struct.unpack("<I", header[4:])[0]
        if length > MAX_CHUNK_BYTES:
            raise ValueError(f"a chunk of {length} bytes")
        payload = file.read(length)
        if len(payload) < length:
            return
        yield kind, payload


def _patch(fields: dict[str, Any], source: str) -> FlownPatch:
    place = fields["place"]
    if place not in range(PLACES):
        raise ValueError(f"place {place!r}")
    patch_fields = dict(fields["patch"])
    label = str(patch_fields.pop("label"))
    patch = parse_patch(patch_fields, label, source)
    return FlownPatch(place, str(fields["digest"]), patch)
