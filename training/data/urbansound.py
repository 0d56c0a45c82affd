"""UrbanSound8K (Salamon et al., 2014): ten folds of slices of Freesound recordings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from training.data import text
from training.data.adaptor import Adaptor, not_as_published
from training.data.manifest import Entry, Manifest
from training.data.tree import Tree
from training.errors import DataError

LICENCE = "CC-BY-NC-3.0"
TABLE = "metadata/UrbanSound8K.csv"
COLUMNS = ("slice_file_name", "fsID", "salience", "fold", "classID", "class")
FOLDS = (873, 888, 925, 990, 936, 823, 838, 806, 816, 837)
PUBLISHED = {f"fold {k}": n for k, n in enumerate(FOLDS, start=1)}


def urbansound8k(source: Path) -> Manifest:
    """The 8,732 slices; the recording that a slice is from is its group."""
    tree = Tree(source)
    rows = text.csv_rows(tree.root / TABLE, COLUMNS)
    try:
        labels = {int(row["classID"]): row["class"] for row in rows}
        entries = tuple(_entry(row, tree) for row in rows)
    except ValueError as error:
        raise DataError(f"{source / TABLE}: fold or classID: {error}") from None
    differ = not_as_published(Counter(f"fold {e.fold}" for e in entries), PUBLISHED)
    return Manifest(
        dataset="urbansound8k",
        root=tree.root,
        labels=tuple(labels[k] for k in sorted(labels)),
        entries=entries,
        problems=(*tree.problems, *differ),
        licence=LICENCE,
    )


def _entry(row: dict[str, str], tree: Tree) -> Entry:
    return Entry(
        path=tree.like(f"audio/fold{int(row['fold'])}/{row['slice_file_name']}"),
        labels=(row["class"],),
        fold=int(row["fold"]),
        group=row["fsID"],
        licence=LICENCE,
        extra={"salience": row["salience"]},
    )


URBANSOUND8K = Adaptor(
    "urbansound8k",
    "UrbanSound8K: 8,732 city sounds",
    urbansound8k,
    seconds=(0.04, 4.1),
)
