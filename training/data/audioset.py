"""AudioSet (Gemmeke et al., 2017): weak labels of ten-second parts of videos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile

from rtaudio_dl.errors import shown
from training.data import text
from training.data.adaptor import Adaptor
from training.data.manifest import Entry, Manifest
from training.data.tree import Tree
from training.errors import DataError

LICENCE = "CC-BY-4.0"  # Of the labels; each video has its own.
TABLES = {
    "balanced_train_segments.csv": "train",
    "unbalanced_train_segments.csv": "train",
    "eval_segments.csv": "test",
}
NAMES, ONTOLOGY = "class_labels_indices.csv", "ontology.json"
VIDEO = re.compile(r"[\w-]{11}")
COUNT = re.compile(r"num_segs=(\d+)")
SLACK_SECONDS = 0.5  # By how much a cut part may be longer than it should be.


@dataclass(frozen=True)
class Segment:
    """One line of a segments table."""

    video: str
    start: float
    end: float
    mids: tuple[str, ...]


def audioset(source: Path) -> Manifest:
    """Segments tables with ``class_labels_indices.csv`` or ``ontology.json``.

    The sounds lie anywhere below, under the names that downloaders give them:
    ``YTID``, ``YTID_START``, ``YTID_START_END``, with or without ``Y`` before, in
    seconds or milliseconds. A file of the whole video is cut by start and seconds.
    """
    tree = Tree(source)
    names = _names(tree.root)
    tables = [t for t in TABLES if (tree.root / t).is_file()]
    if not tables:
        raise DataError(f"{source}: none of {', '.join(TABLES)}")
    entries: list[Entry] = []
    for table in tables:
        entries += _entries(table, tree, names)
    used = {label for e in entries for label in e.labels}
    return Manifest(
        dataset="audioset",
        root=tree.root,
        labels=tuple(name for name in names.values() if name in used),
        entries=tuple(entries),
        problems=tuple(tree.problems),
        multi_label=True,
        licence=LICENCE,
    )


def _names(root: Path) -> dict[str, str]:
    """Machine id -> display name, in index order."""
    if (root / NAMES).is_file():
        rows = text.csv_rows(root / NAMES, ("index", "mid", "display_name"))
        return {row["mid"]: row["display_name"] for row in rows}
    if not (root / ONTOLOGY).is_file():
        raise DataError(f"{root}: labels need {NAMES} or {ONTOLOGY} there")
    nodes = text.json_value(root / ONTOLOGY)
    try:
        return {str(node["id"]): str(node["name"]) for node in nodes}
    except (TypeError, KeyError):
        raise DataError(
            f"{root / ONTOLOGY}: allowed: a list of objects with id and name"
        ) from None


def _entries(table: str, tree: Tree, names: dict[str, str]) -> list[Entry]:
    """Entries of one table; none, and one problem, where none of its sounds is here."""
    segments = list(_segments(tree.root / table, tree))
    found = [_entry(s, TABLES[table], tree, names) for s in segments]
    here = sum(e.path in tree for e in found)
    if segments and not here:
        tree.problems.append(f"{table}: none of its {len(segments)} segments is here")
        return []
    return found


def _segments(path: Path, tree: Tree) -> Iterator[Segment]:
    number = 0
    for row in text.table(path, skipinitialspace=True):
        if row[0].startswith("#"):
            number = _announced(row) or number
            continue
        number -= 1
        try:
            video, start, end, mids = row
            segment = Segment(video, float(start), float(end), tuple(mids.split(",")))
        except ValueError:
            raise DataError(
                f"{path}: {shown(row)}; allowed: id, start, end, labels"
            ) from None
        if not VIDEO.fullmatch(video) or not 0 <= segment.start < segment.end < 1e6:
            raise DataError(f"{path}: {shown(row)}; allowed: an id, times in seconds")
        yield segment
    if number > 0:
        tree.problems.append(f"{path.name}: {number} segments fewer than it announces")


def _announced(row: list[str]) -> int:
    found = COUNT.search(",".join(row))
    return int(found[1]) if found else 0


def _entry(segment: Segment, split: str, tree: Tree, names: dict[str, str]) -> Entry:
    labels = tuple(names[mid] for mid in segment.mids if mid in names)
    unknown = [mid for mid in segment.mids if mid not in names]
    if unknown:
        tree.problems.append(f"{segment.video}: labels {shown(unknown)} have no name")
    path = next(filter(None, map(tree.named, _stems(segment))), "")
    entry = Entry(
        path or f"{segment.video}.wav", labels, split, 0, segment.video, LICENCE
    )
    if path and _is_whole(tree.root / path, segment):
        seconds = segment.end - segment.start
        return replace(entry, start=segment.start, seconds=seconds)
    return entry


def _stems(segment: Segment) -> Iterator[str]:
    """Names that this segment may have, those with its time first."""
    start, end = segment.start, segment.end
    for s, e in (
        (f"{start:g}", f"{end:g}"),
        (f"{start:.3f}", f"{end:.3f}"),
        (f"{start * 1000:.0f}", f"{end * 1000:.0f}"),
        (f"{start:06.0f}", f"{end:06.0f}"),
    ):
        for video in (segment.video, f"Y{segment.video}"):
            yield from (f"{video}_{s}_{e}", f"{video}_{s}")
    yield from (segment.video, f"Y{segment.video}")


def _is_whole(path: Path, segment: Segment) -> bool:
    """Whether a file that has no time in its name is longer than the segment."""
    if path.stem not in (segment.video, f"Y{segment.video}"):
        return False
    try:
        seconds = soundfile.info(path).duration
    except (OSError, soundfile.SoundFileError):
        return False  # The audit names it.
    return seconds > segment.end - segment.start + SLACK_SECONDS


AUDIOSET = Adaptor("audioset", "AudioSet: weak labels of video sounds", audioset)
