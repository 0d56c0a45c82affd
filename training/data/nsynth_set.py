"""NSynth as a data set with labels: families of instruments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from rtaudio_dl.errors import shown
from training.data import text
from training.data.adaptor import Adaptor, not_as_published
from training.data.manifest import SPLITS, Entry, Manifest
from training.data.nsynth import FAMILIES, NAME, QUALITIES, TABLE, records, release
from training.data.tree import Tree
from training.errors import DataError

LICENCE = "CC-BY-4.0"
PUBLISHED = {"train": 289_205, "valid": 12_678, "test": 4_096}


def nsynth(source: Path) -> Manifest:
    """``nsynth-SPLIT/examples.json`` with ``audio/``, or ``nsynth-SPLIT.tfrecord``.

    The label is the family, the group the instrument; ``extra`` holds pitch and
    velocity as published (MIDI, 0 to 127), source, and qualities. The published
    training instruments are in no other split, but valid and test share theirs.
    """
    tree = Tree(source)
    entries: list[Entry] = []
    found = release(tree.root)
    for split in SPLITS:
        if split not in found:
            where = f"nsynth-{split}"
            tree.problems.append(f"{where}: neither {TABLE} nor a TFRecord")
        elif found[split].name == TABLE:
            entries += _examples(tree, found[split].parent.name, split)
        else:
            entries += _records(tree, found[split], split)
    if not entries:
        raise DataError(f"{source}: no notes; expected nsynth-train/examples.json")
    differ = not_as_published(Counter(e.split for e in entries), PUBLISHED)
    return Manifest(
        dataset="nsynth",
        root=tree.root,
        labels=FAMILIES,
        entries=tuple(entries),
        problems=(*tree.problems, *differ),
        licence=LICENCE,
    )


def _examples(tree: Tree, folder: str, split: str) -> Iterator[Entry]:
    for name, note in text.json_object(tree.root / folder / TABLE).items():
        qualities = note.get("qualities") if isinstance(note, dict) else None
        if not _is_note(name, qualities):
            tree.problems.append(f"{folder}: {shown(name)} is not a note of NSynth")
            continue
        path = tree.like(f"{folder}/audio/{name}.wav")
        yield _entry(path, name, qualities, split, {})


def _records(tree: Tree, path: Path, split: str) -> Iterator[Entry]:
    relative = path.relative_to(tree.root).as_posix()
    for record in records(path):
        if not _is_note(record.name, record.qualities):
            tree.problems.append(
                f"{relative}: {shown(record.name)} is not a note of NSynth"
            )
            continue
        place = {"offset": str(record.offset), "bytes": str(record.bytes)}
        yield _entry(relative, record.name, record.qualities, split, place)


def _is_note(name: str, qualities: object) -> bool:
    return (
        NAME.fullmatch(name) is not None
        and isinstance(qualities, list)
        and len(qualities) == len(QUALITIES)
    )


def _entry(
    path: str, name: str, qualities: Iterable, split: str, place: dict[str, str]
) -> Entry:
    instrument, family, source, pitch, velocity = NAME.fullmatch(name).groups()
    present = [q for q, on in zip(QUALITIES, qualities, strict=True) if on]
    extra = {
        "note": name,
        "pitch": str(int(pitch)),
        "velocity": str(int(velocity)),
        "source": source,
    }
    if present:
        extra["qualities"] = " ".join(present)
    return Entry(path, (family,), split, 0, instrument, LICENCE, extra=extra | place)


NSYNTH = Adaptor("nsynth", "NSynth: 305,979 notes", nsynth, rate=16_000, seconds=(4, 4))
