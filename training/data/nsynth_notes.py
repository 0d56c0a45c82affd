"""Notes on disk in NSynth's format: ``examples.json`` and ``audio/NAME.wav``.

Reads one such folder, as `training.data.soundfont` writes it, or a folder that holds
the release's ``nsynth-train``, ``nsynth-valid`` and ``nsynth-test`` (Engel et al.,
2017), each of them unpacked or as ``nsynth-train.tfrecord``, and so on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from training.data import tfrecord
from training.data.nsynth import NOTE, QUALITIES
from training.errors import DataError
from training.tasks.notes.form import RATE

RELEASE = {"train": "nsynth-train", "valid": "nsynth-valid", "test": "nsynth-test"}
SPLITS = tuple(RELEASE)
MAX_JSON_BYTES = 1 << 30  # The release's largest has 190 MB.


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
    if (folder / "examples.json").is_file():
        return tuple(_read_one(folder, folder, None))
    parts: list[Note] = []
    for split, name in RELEASE.items():
        packed = folder / f"{name}.tfrecord"
        if (folder / name / "examples.json").is_file():
            parts += _read_one(folder, folder / name, split)
        elif packed.is_file():
            parts += _records(packed, split)
    if not parts:
        raise DataError(
            f"{folder}: no examples.json in it or in {', '.join(RELEASE.values())}, "
            "and none of these as .tfrecord; make notes with: "
            "python -m training prepare soundfont FILE.sf2"
        )
    return tuple(parts)


def _records(path: Path, split: str) -> list[Note]:
    return [
        _of_record(path, split, record)
        for record in tfrecord.notes(path, len(QUALITIES))
    ]


def _of_record(path: Path, split: str, record: tfrecord.Note) -> Note:
    """A record's name holds all that the decoder is told."""
    match = NOTE.fullmatch(record.name)
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


def _read_one(root: Path, folder: Path, split: str | None) -> list[Note]:
    path = folder / "examples.json"
    if path.stat().st_size > MAX_JSON_BYTES:
        raise DataError(f"{path}: larger than the {MAX_JSON_BYTES} bytes allowed")
    try:
        table = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON: {error}") from None
    if not isinstance(table, dict):
        raise DataError(f"{path}: not a mapping from note names to notes")
    prefix = folder.relative_to(root)
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
