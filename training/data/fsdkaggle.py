"""FSDKaggle2018 (Fonseca et al., 2018): 41 classes of Freesound clips."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from training.data import text
from training.data.adaptor import Adaptor, not_as_published
from training.data.manifest import Entry, Manifest
from training.data.tree import Tree
from training.errors import DataError

# As on Zenodo, and as on Kaggle, whose train.csv has no licences and whose test table
# also lists the clips that were there to mislead.
TABLES = {
    "train": (
        "FSDKaggle2018.meta/train_post_competition.csv",
        "train_post_competition.csv",
        "train.csv",
    ),
    "test": (
        "FSDKaggle2018.meta/test_post_competition_scoring_clips.csv",
        "test_post_competition.csv",
    ),
}
NO_LABEL = ("", "None")
PUBLISHED = {"train": 9_473, "test": 1_600}


def fsdkaggle2018(source: Path) -> Manifest:
    """Train and test as published; whether a label was checked by hand is an extra."""
    tree = Tree(source)
    entries = []
    for split in TABLES:
        table = _table(tree.root, split)
        if table is None:
            tree.problems.append(f"{TABLES[split][0]}: missing, no {split} split")
            continue
        rows = text.csv_rows(table, ("fname", "label"))
        entries += [
            _entry(row, split, tree) for row in rows if row["label"] not in NO_LABEL
        ]
    if not entries:
        raise DataError(
            f"{source}: none of {', '.join(TABLES['train'])}; unpack the data set's "
            "table of training clips there"
        )
    differ = not_as_published(Counter(e.split for e in entries), PUBLISHED)
    return Manifest(
        dataset="fsdkaggle2018",
        root=tree.root,
        labels=tuple(sorted({e.labels[0] for e in entries})),
        entries=tuple(entries),
        problems=(*tree.problems, *differ),
        licence="CC-BY-4.0",
    )


def _table(root: Path, split: str) -> Path | None:
    return next((root / t for t in TABLES[split] if (root / t).is_file()), None)


def _entry(row: dict[str, str], split: str, tree: Tree) -> Entry:
    name = row["fname"]
    folders = (f"FSDKaggle2018.audio_{split}", f"audio_{split}")
    paths = [tree.like(f"{folder}/{name}") for folder in folders]
    extra = {k: row[k] for k in ("manually_verified", "usage") if row.get(k)}
    return Entry(
        path=next((path for path in paths if path in tree), paths[0]),
        labels=(row["label"],),
        split=split,
        group=row.get("freesound_id") or Path(name).stem,
        licence=row.get("license", ""),
        extra=extra,
    )


FSDKAGGLE2018 = Adaptor(
    "fsdkaggle2018",
    "FSDKaggle2018: 11,073 clips of 41 classes",
    fsdkaggle2018,
    rate=44_100,
    seconds=(0.3, 30.1),
)
