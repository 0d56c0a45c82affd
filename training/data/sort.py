"""A manifest's sounds in one folder per class, as other tools expect them."""

from __future__ import annotations

import csv
import filecmp
import io
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import soundfile

from training.data import audio, splits
from training.data.folder import TABLE
from training.data.manifest import Entry, Manifest
from training.errors import DataError
from training.run.files import write_atomically

COLUMNS = ("path", "label", "group", "split", "fold", "licence", "source")


@dataclass(frozen=True)
class Sorted:
    """How many sounds were ``laid`` and how many were ``there``; what was not done."""

    laid: int
    there: int
    problems: tuple[str, ...]


def sort(
    manifest: Manifest,
    target: Path,
    link: bool = False,
    progress: Callable[[Iterable], Iterable] = iter,
) -> Sorted:
    """Lay every sound to ``target/CLASS/NAME``, with a manifest.csv that says the rest.

    Files are copied, or with ``link`` share their contents by hard links; parts of
    files are written anew. Nothing is overwritten: a file that is there and differs is
    a problem, one that is the same is done, so that a stopped run goes on. The
    manifest.csv keeps groups, splits and licences; with it `prepare folder` and the
    generator's training follow the same splits.
    """
    places = _places(manifest)
    table = _table(places)
    _check_table(table, target / TABLE)
    laid, problems = 0, []
    for place, entry in progress(list(places.items())):
        try:
            laid += _lay(manifest.root, entry, target / place, link)
        except (DataError, OSError) as error:
            problems.append(f"{place}: {error}")
    write_atomically(target / TABLE, lambda file: file.write(table))
    return Sorted(laid, len(places) - laid - len(problems), tuple(problems))


def _places(manifest: Manifest) -> dict[str, Entry]:
    """Path below the target -> entry; with several labels one path for each.

    Names that meet in a class get the folder that they came from before them.
    """
    places: dict[str, Entry] = {}
    for long in (False, True):
        places, met = {}, set()
        for entry in manifest.entries:
            for label in entry.labels:
                place = f"{_plain(label)}/{_name(entry, long)}"
                met |= {place} & places.keys()
                places[place] = entry
        if not met:
            return places
    raise DataError(
        f"{manifest.dataset}: {len(met)} sounds would get the same name, such as "
        f"{sorted(met)[0]}"
    )


def _name(entry: Entry, long: bool) -> str:
    path = PurePosixPath(entry.path)
    name = "_".join(path.parts) if long else path.name
    if _is_whole(entry):
        return name
    part = entry.extra.get("note") or f"{PurePosixPath(name).stem}@{entry.start:g}"
    return f"{part}.wav"


def _is_whole(entry: Entry) -> bool:
    return not (entry.start or entry.seconds or "offset" in entry.extra)


def _plain(label: str) -> str:
    """A label as the name of a folder, on any system."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f]+', "-", label).strip(" .")
    return name or "-"


def _lay(root: Path, entry: Entry, place: Path, link: bool) -> bool:
    """Whether the sound was laid now; False when it was there. Raises DataError."""
    source = root / entry.path
    if not source.resolve().is_relative_to(root.resolve()):
        raise DataError(f"is a link to a file outside {root}")
    if place.exists():
        if _is_whole(entry) and not _same(source, place):
            raise DataError("another file of that name is there; left as it is")
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.part")
    part.unlink(missing_ok=True)
    try:
        _make(root, entry, part, link)
        os.replace(part, place)
    finally:
        part.unlink(missing_ok=True)
    return True


def _make(root: Path, entry: Entry, part: Path, link: bool) -> None:
    if not _is_whole(entry):
        sound, rate = audio.read(root, entry)
        soundfile.write(part, sound, rate, subtype="FLOAT", format="WAV")
    elif link:
        try:
            os.link(root / entry.path, part)
        except OSError as error:
            raise DataError(
                f"cannot be linked ({error.strerror}); both folders must be on one "
                "disk, else copy"
            ) from None
    else:
        shutil.copy2(root / entry.path, part)


def _same(source: Path, place: Path) -> bool:
    """Whether a file was laid before: the same file, or size, time or contents."""
    return place.samefile(source) or filecmp.cmp(source, place)


def _check_table(table: bytes, path: Path) -> None:
    if path.exists() and path.read_bytes() != table:
        raise DataError(f"{path}: is there and differs; sort into an empty folder")


def _table(places: dict[str, Entry]) -> bytes:
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    for place, e in places.items():
        label = place.split("/", 1)[0]
        group = splits.group_of(e)
        writer.writerow([place, label, group, e.split, e.fold, e.licence, e.path])
    return sheet.getvalue().encode()
