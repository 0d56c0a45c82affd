"""Plain folders: ``CLASS/SOURCE/NAME`` or ``CLASS/SOURCE-NAME``, and manifest.csv."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path, PurePosixPath

from rtaudio_dl.errors import shown
from training.data import text
from training.data.adaptor import Adaptor
from training.data.manifest import SPLITS, Entry, Manifest
from training.data.tree import Tree
from training.errors import DataError

TABLE = "manifest.csv"
SEPARATORS = re.compile(r"[-_ .]")
MIN_SOURCES = 3  # Of a class, for the beginnings of names to be taken for sources.


def folder(source: Path) -> Manifest:
    """A folder of one's own; ``SPLIT/CLASS/…`` is understood too.

    ``manifest.csv`` there (path, label; if known group, split, fold, licence, source)
    is followed instead. The source is the folder below the class, or the name up to its
    first separator; where a class has fewer than three such beginnings, each of its
    files counts as a source of its own.
    """
    tree = Tree(source)
    has_table = (tree.root / TABLE).is_file()
    entries = _from_table(tree) if has_table else _from_names(tree)
    if not entries:
        raise DataError(f"{source}: no sounds; expected {source}/CLASS/NAME.wav")
    licences = {e.licence for e in entries}
    return Manifest(
        dataset=re.sub(r"[^A-Za-z0-9._-]+", "-", tree.root.name).strip("-._")[:64]
        or "folder",
        root=tree.root,
        labels=tuple(sorted({e.labels[0] for e in entries})),
        entries=tuple(entries),
        problems=tuple(tree.problems),
        licence=licences.pop() if len(licences) == 1 else "per file",
    )


def _from_table(tree: Tree) -> list[Entry]:
    entries = []
    for row in text.csv_rows(tree.root / TABLE, ("path", "label")):
        split = row.get("split", "")
        if split and split not in SPLITS:
            raise DataError(
                f"{tree.root / TABLE}: split is {shown(split)}; allowed: "
                f"{', '.join(SPLITS)} or nothing"
            )
        fold = row.get("fold") or "0"
        if not (fold.isascii() and fold.isdigit() and len(fold) < 4):
            raise DataError(
                f"{tree.root / TABLE}: fold is {shown(fold)}; allowed: 0 to 999"
            )
        source = row.get("source", "")
        entries.append(
            Entry(
                path=row["path"],
                labels=(row["label"],),
                split=split,
                fold=int(fold),
                group=row.get("group") or _source(PurePosixPath(row["path"]).parts[1:]),
                licence=row.get("licence", ""),
                extra={"source": source} if source else {},
            )
        )
    return entries


def _from_names(tree: Tree) -> list[Entry]:
    is_split = set(tree.folders()) <= set(SPLITS)
    entries: dict[str, list[Entry]] = defaultdict(list)
    for path in tree.paths:
        split, parts = "", PurePosixPath(path).parts
        if is_split:
            split, parts = parts[0], parts[1:]
        if len(parts) < 2:
            tree.problems.append(f"{path}: in no folder of a class, left out")
            continue
        label = parts[0]
        entries[label].append(Entry(path, (label,), split, 0, _source(parts[1:])))
    return [e for label in entries for e in _alone(entries[label], label, tree)]


def _source(below: tuple[str, ...]) -> str:
    """Source of a file, by its folders and name below the class."""
    if len(below) > 1:
        return "/".join(below[:-1])
    stem = PurePosixPath(below[-1]).stem if below else ""
    return SEPARATORS.split(stem)[0].rstrip("0123456789") or stem


def _alone(entries: list[Entry], label: str, tree: Tree) -> list[Entry]:
    """The entries of one class, each its own group where sources are not told."""
    if len({e.group for e in entries}) >= MIN_SOURCES:
        return entries
    tree.problems.append(
        f"{label}: its names tell fewer than {MIN_SOURCES} sources, so each file "
        "counts as one; use CLASS/SOURCE/NAME if files share a source"
    )
    return [Entry(e.path, e.labels, e.split, group=e.path) for e in entries]


FOLDER = Adaptor("folder", "your own: CLASS/SOURCE/NAME, or manifest.csv", folder)
