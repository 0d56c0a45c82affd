"""The manifest: which sound is where, what it is, and in which split."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rtaudio_dl.errors import shown
from training.data import text
from training.errors import DataError
from training.run.files import write_atomically

FORMAT = 1
SPLITS = ("train", "valid", "test")
COLUMNS = ("path", "labels", "split", "fold", "group", "licence", "start", "seconds")
SEPARATOR = "|"  # Between labels: AudioSet's own names have commas.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MAX_ENTRIES = 3_000_000  # AudioSet has 2.1 million segments.


@dataclass(frozen=True)
class Entry:
    """One sound: a file, or a part of one.

    ``path`` is relative to the manifest's root, with ``/``. ``split`` is ``train``,
    ``valid``, ``test`` or empty; ``fold`` counts from 1, 0 is none. ``group`` is what
    must not be torn apart: a speaker, a source, a recording. ``start`` and ``seconds``
    cut a part of the file, 0.0 seconds reach to its end. ``extra`` holds what only this
    data set knows, such as the pitch; never an empty text.
    """

    path: str
    labels: tuple[str, ...]
    split: str = ""
    fold: int = 0
    group: str = ""
    licence: str = ""
    start: float = 0.0
    seconds: float = 0.0
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Manifest:
    """All sounds of a data set; ``labels`` in index order.

    ``problems`` says, one line each, what is missing, unreadable or not as published.
    Entries have exactly one label unless ``multi_label``.
    """

    dataset: str
    root: Path
    labels: tuple[str, ...]
    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()
    multi_label: bool = False
    licence: str = ""


def write(manifest: Manifest, path: Path) -> None:
    """Write ``NAME.csv`` (one line per entry) and ``NAME.json`` (all the rest)."""
    check(manifest, str(path))
    about = {
        "format": FORMAT,
        "dataset": manifest.dataset,
        "root": manifest.root.resolve().as_posix(),
        "labels": manifest.labels,
        "multi_label": manifest.multi_label,
        "licence": manifest.licence,
        "entries": len(manifest.entries),
        "problems": manifest.problems,
    }
    sheet = _sheet(manifest.entries).encode()
    facts = json.dumps(about, indent=1, ensure_ascii=False).encode()
    write_atomically(path.with_suffix(".csv"), lambda file: file.write(sheet))
    write_atomically(path.with_suffix(".json"), lambda file: file.write(facts))


def read(path: Path) -> Manifest:
    """Read ``NAME.csv`` and the ``NAME.json`` beside it. Raises DataError."""
    about = text.json_object(path.with_suffix(".json"))
    if about.get("format") != FORMAT:
        raise DataError(
            f"{path.with_suffix('.json')}: format is {shown(about.get('format'))}, "
            f"allowed: {FORMAT}; prepare the data set again"
        )
    rows = text.csv_rows(path.with_suffix(".csv"), COLUMNS, MAX_ENTRIES)
    try:
        manifest = Manifest(
            dataset=str(about["dataset"]),
            root=Path(str(about["root"])),
            labels=tuple(map(str, about["labels"])),
            entries=tuple(_entry(row) for row in rows),
            problems=tuple(map(str, about["problems"])),
            multi_label=bool(about["multi_label"]),
            licence=str(about["licence"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: not a manifest ({type(error).__name__}: {error}); "
            "prepare the data set again"
        ) from None
    check(manifest, str(path))
    if len(manifest.entries) != about.get("entries"):
        raise DataError(
            f"{path}: {len(manifest.entries)} entries, but its JSON says "
            f"{shown(about.get('entries'))}; prepare the data set again"
        )
    return manifest


def check(manifest: Manifest, source: str) -> None:
    """Raise DataError, naming ``source``, where a field is not as documented."""
    if not NAME.fullmatch(manifest.dataset):
        raise DataError(
            f"{source}: dataset is {shown(manifest.dataset)}; allowed: letters, digits,"
            " '.', '_' and '-', at most 64"
        )
    known = set(manifest.labels)
    if len(known) != len(manifest.labels) or any(map(_bad_label, known)):
        raise DataError(
            f"{source}: labels must differ, be printable and have no {SEPARATOR!r}: "
            f"{shown(manifest.labels)}"
        )
    for entry in manifest.entries:
        fault = _fault(entry, known, manifest.multi_label)
        if fault:
            raise DataError(f"{source}: {shown(entry.path)}: {fault}")


def _bad_label(label: str) -> bool:
    return not label.isprintable() or not label or SEPARATOR in label


def _fault(entry: Entry, labels: set[str], multi_label: bool) -> str:
    """What is wrong with an entry, or an empty text."""
    if not text.is_inside(entry.path):
        return "path; allowed: relative, in UTF-8, with '/' and without '..'"
    if entry.split and entry.split not in SPLITS:
        return f"split is {shown(entry.split)}; allowed: {', '.join(SPLITS)} or nothing"
    if entry.fold < 0:
        return f"fold is {entry.fold}; allowed: 0 (none) and above"
    for name, value in (("start", entry.start), ("seconds", entry.seconds)):
        if not 0 <= value < math.inf:
            return f"{name} is {value}; allowed: 0 and above"
    if not multi_label and len(entry.labels) != 1:
        return f"{len(entry.labels)} labels; allowed: one, the manifest is single-label"
    for label in entry.labels:
        if label not in labels:
            return f"label {shown(label)} is not in the manifest's labels"
    return ""


def _sheet(entries: tuple[Entry, ...]) -> str:
    extra = list(dict.fromkeys(key for e in entries for key in e.extra))
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([*COLUMNS, *extra])
    for e in entries:
        fixed = [e.path, SEPARATOR.join(e.labels), e.split, e.fold, e.group, e.licence]
        more = [e.extra.get(key, "") for key in extra]
        writer.writerow([*fixed, e.start, e.seconds, *more])
    return file.getvalue()


def _entry(row: dict[str, str]) -> Entry:
    return Entry(
        path=row["path"],
        labels=tuple(row["labels"].split(SEPARATOR)) if row["labels"] else (),
        split=row["split"],
        fold=int(row["fold"]),
        group=row["group"],
        licence=row["licence"],
        start=float(row["start"]),
        seconds=float(row["seconds"]),
        extra={k: v for k, v in row.items() if k not in COLUMNS and v},
    )
