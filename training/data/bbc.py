"""BBC Sound Effects: the archive's catalogue, ``BBCSoundEffects.csv``."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from training.data import text
from training.data.adaptor import Adaptor, not_as_published
from training.data.manifest import SEPARATOR, Entry, Manifest
from training.data.tree import Tree

LICENCE = "RemArc"  # Personal, educational and research use.
TABLE = "BBCSoundEffects.csv"
COLUMNS = (
    *("location", "description", "secs", "category", "CDNumber", "CDName"),
    "tracknum",
)
EXTRA = ("description", "category", "CDName", "tracknum")
NONE = "uncategorised"  # More than half of the catalogue.
PUBLISHED = {"all": 16_011}


def bbc(source: Path) -> Manifest:
    """The catalogue with its sounds anywhere below; no split.

    The label is the category up to its first colon; the group is the disc, for tracks
    of one disc are often parts of one recording.
    """
    tree = Tree(source)
    entries = tuple(
        _entry(row, tree) for row in text.csv_rows(tree.root / TABLE, COLUMNS)
    )
    differ = not_as_published({"all": len(entries)}, PUBLISHED)
    return Manifest(
        dataset="bbc",
        root=tree.root,
        labels=tuple(sorted({e.labels[0] for e in entries})),
        entries=entries,
        problems=(*tree.problems, *differ),
        licence=LICENCE,
    )


def _entry(row: dict[str, str], tree: Tree) -> Entry:
    location = row["location"]
    label = row["category"].split(":")[0].replace(SEPARATOR, "/").strip()
    extra = {k: row[k] for k in EXTRA if row[k]}
    return Entry(
        path=tree.named(PurePosixPath(location).stem) or location,
        labels=(label or NONE,),
        group=row["CDNumber"] or location,
        licence=LICENCE,
        extra=extra,
    )


BBC = Adaptor("bbc", "BBC Sound Effects: 16,011 recordings", bbc)
