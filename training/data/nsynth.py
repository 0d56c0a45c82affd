"""NSynth's format (Engel et al., 2017): notes with their keys, as WAV or TFRecord.

Read here are one folder with ``examples.json`` and ``audio/NAME.wav``, as
`training.data.soundfont` writes it, or a folder that holds the release's
``nsynth-train``, ``nsynth-valid`` and ``nsynth-test``, each of them unpacked or as
``nsynth-train.tfrecord``, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from training.data import text, tfrecord
from training.data.manifest import SPLITS
from training.errors import DataError

RATE = 16_000
HELD_SECONDS, SECONDS = 3.0, 4.0  # the key is down; the note is recorded
FRAMES = round(RATE * SECONDS)
TABLE = "examples.json"
FAMILIES = (
    *("bass", "brass", "flute", "guitar", "keyboard", "mallet", "organ", "reed"),
    *("string", "synth_lead", "vocal"),
)
SOURCES = ("acoustic", "electronic", "synthetic")
QUALITIES = (
    *("bright", "dark", "distortion", "fast_decay", "long_release", "multiphonic"),
    *("nonlinear_env", "percussive", "reverb", "tempo-synced"),
)
# FAMILY_SOURCE_INSTRUMENT-PITCH-VELOCITY
NAME = re.compile(
    rf"(({'|'.join(FAMILIES)})_({'|'.join(SOURCES)})_\d{{3}})-(\d{{3}})-(\d{{3}})"
)


@dataclass(frozen=True)
class Note:
    """One recorded note; ``velocity`` is MIDI's, 1..127; ``name`` is for people.

    ``path`` is its own file's, or that of many records: then ``bytes`` is not 0, and it
    begins at ``offset``.
    """

    path: str
    instrument: str
    name: str
    family: str
    source: str
    pitch: int
    velocity: int
    split: str
    group: str
    offset: int = 0
    bytes: int = 0


def read(folder: Path) -> tuple[Note, ...]:
    """Every note of a folder, in a fixed order. Raises DataError naming the file."""
    if (folder / TABLE).is_file():
        return tuple(_of_table(folder, folder / TABLE, None))
    notes: list[Note] = []
    for split, path in release(folder).items():
        if path.name == TABLE:
            notes += _of_table(folder, path, split)
        else:
            notes += [_of_record(path, split, r) for r in records(path)]
    if not notes:
        raise DataError(
            f"{folder}: no {TABLE} in it or in nsynth-train, nsynth-valid, "
            "nsynth-test, and none of these as .tfrecord; make notes with: "
            "python -m training prepare soundfont FILE.sf2"
        )
    return tuple(notes)


def release(folder: Path) -> dict[str, Path]:
    """Split -> the release's table or TFRecord, of those that are there."""
    found = {}
    for split in SPLITS:
        table = folder / f"nsynth-{split}" / TABLE
        packed = folder / f"nsynth-{split}.tfrecord"
        if table.is_file() or packed.is_file():
            found[split] = table if table.is_file() else packed
    return found


def records(path: Path) -> Iterator[tfrecord.Note]:
    """The notes of a TFRecord file, without their sound. Raises DataError."""
    return tfrecord.notes(path, len(QUALITIES))


def sound(folder: Path, note: Note) -> np.ndarray:
    """A note as (FRAMES,) float32, from its file or its record; padded or cut."""
    if not note.bytes:
        return read_audio(folder / note.path)
    audio, _ = tfrecord.audio(folder / note.path, note.offset, note.bytes)
    return _of_length(audio)


def read_audio(path: Path) -> np.ndarray:
    """A note's file as (FRAMES,) float32; shorter ones are padded, longer ones cut."""
    try:
        info = soundfile.info(path)
        if info.samplerate != RATE or info.frames > 100 * FRAMES:
            raise DataError(f"{path}: {info.samplerate} Hz, {info.frames} frames")
        audio, _ = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from None
    return _of_length(audio.mean(axis=1))


def _of_length(mono: np.ndarray) -> np.ndarray:
    return np.pad(mono[:FRAMES], (0, max(0, FRAMES - len(mono))))


def _of_record(path: Path, split: str, record: tfrecord.Note) -> Note:
    """A record's name holds all that the decoder is told."""
    match = NAME.fullmatch(record.name)
    pitch, velocity = map(int, match.groups()[-2:]) if match else (0, 0)
    if not (pitch <= 127 and 1 <= velocity <= 127):
        raise DataError(f"{path}: {record.name!r:.80} is not a note of NSynth")
    instrument, family, source = match.groups()[:3]
    return Note(
        path=path.name,
        instrument=instrument,
        name=instrument,
        family=family,
        source=source,
        pitch=pitch,
        velocity=velocity,
        split=split,
        group=instrument,
        offset=record.offset,
        bytes=record.bytes,
    )


def _of_table(root: Path, path: Path, split: str | None) -> list[Note]:
    table = text.json_object(path)
    prefix = path.parent.relative_to(root)
    return [_note(path, prefix, name, table[name], split) for name in sorted(table)]


def _note(path: Path, prefix: Path, name: str, e: dict, split: str | None) -> Note:
    try:
        if e["sample_rate"] != RATE:
            raise ValueError(f"sample_rate is {e['sample_rate']}; allowed: {RATE}")
        if not (0 <= e["pitch"] <= 127 and 1 <= e["velocity"] <= 127):
            raise ValueError(f"pitch {e['pitch']}, velocity {e['velocity']}")
        if Path(name).name != name:
            raise ValueError("a note's name is no path")
        if (split or e["split"]) not in SPLITS:
            raise ValueError(f"split is {e['split']!r}; allowed: {', '.join(SPLITS)}")
        return Note(
            path=str(prefix / "audio" / f"{name}.wav"),
            instrument=str(e["instrument_str"]),
            name=str(e.get("preset", e["instrument_str"])),
            family=str(e["instrument_family_str"]),
            source=str(e["instrument_source_str"]),
            pitch=int(e["pitch"]),
            velocity=int(e["velocity"]),
            split=split or str(e["split"]),
            group=str(e.get("group", e["instrument_str"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: note {name!r:.80} cannot be read: {error}") from None
