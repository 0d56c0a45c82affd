"""ESC-50 and ESC-10 (Piczak, 2015): five-second clips in five official folds."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from rtaudio_dl.errors import shown
from training.data import text
from training.data.adaptor import Adaptor, not_as_published
from training.data.manifest import Entry, Manifest
from training.data.tree import Tree
from training.errors import DataError

TABLE = "meta/esc50.csv"
COLUMNS = ("filename", "fold", "target", "category", "esc10", "src_file", "take")
LICENCES = {True: "CC-BY-3.0", False: "CC-BY-NC-3.0"}  # Of ESC-10, and of the rest.
FOLDER = re.compile(r"(\d{3}) - (.+)")
FIRST_NAME = re.compile(r"([1-5])-(\d+)-([A-Z])")
CREDIT = re.compile(r"\*\*\[(\d-\d+-[A-Z])\.ogg\].*\(\[([^\]]+)\]\([^)]*\)\)\s*$")
SHORT_LICENCES = {"CC0": "CC0-1.0", "CC-BY": "CC-BY-3.0"}


def esc50(source: Path) -> Manifest:
    """All 2,000 clips, as ``meta/esc50.csv`` lists them."""
    return _from_table("esc50", source, lambda row: True, clips=2000)


def esc10(source: Path) -> Manifest:
    """The 400 clips of ten classes.

    From ESC-50's table, or from the first publication's folders
    ``NNN - Class/FOLD-CLIPID-TAKE.ogg``, which have a README with the credits.
    """
    if (source / TABLE).is_file():
        return _from_table("esc10", source, lambda row: row["esc10"] == "True", 400)
    return _from_folders(source)


def _from_table(name: str, source: Path, wanted, clips: int) -> Manifest:
    tree = Tree(source)
    rows = [r for r in text.csv_rows(tree.root / TABLE, COLUMNS) if wanted(r)]
    try:
        labels = {int(row["target"]): row["category"] for row in rows}
        entries = tuple(
            Entry(
                path=tree.like(f"audio/{row['filename']}"),
                labels=(row["category"],),
                fold=int(row["fold"]),
                group=row["src_file"],
                licence=LICENCES[row["esc10"] == "True"],
                extra={"take": row["take"]},
            )
            for row in rows
        )
    except ValueError as error:
        raise DataError(f"{source / TABLE}: fold or target: {error}") from None
    return _manifest(
        name, tree, entries, tuple(labels[k] for k in sorted(labels)), clips
    )


def _from_folders(source: Path) -> Manifest:
    tree = Tree(source)
    folders = {f: m for f in tree.folders() if (m := FOLDER.fullmatch(f))}
    if not folders:
        raise DataError(
            f"{source}: neither {TABLE} nor folders such as '001 - Dog bark'; found "
            f"{shown(tree.folders())}"
        )
    licences, entries = _credits(tree.root), []
    for folder, match in folders.items():
        for path in tree.under(folder):
            name = FIRST_NAME.fullmatch(Path(path).stem)
            if not name:
                tree.problems.append(f"{path}: not named FOLD-CLIPID-TAKE")
                continue
            fold, clip, take = name.groups()
            label = match[2].lower().replace(" ", "_")
            licence = licences.get(name[0], LICENCES[True])
            extra = {"take": take}
            entries.append(
                Entry(path, (label,), "", int(fold), clip, licence, extra=extra)
            )
    labels = tuple(m[2].lower().replace(" ", "_") for m in folders.values())
    return _manifest("esc10", tree, tuple(entries), labels, 400)


def _credits(root: Path) -> dict[str, str]:
    """Name without suffix -> licence, as the README of the first publication says."""
    readme = root / "README.md"
    if not readme.is_file():
        return {}
    found = map(CREDIT.search, text.lines(readme))
    return {m[1]: SHORT_LICENCES.get(m[2], m[2]) for m in found if m}


def _manifest(
    name: str, tree: Tree, entries: tuple[Entry, ...], labels: tuple, clips: int
) -> Manifest:
    folds = Counter(f"fold {e.fold}" for e in entries)
    published = {f"fold {k}": clips // 5 for k in range(1, 6)}
    return Manifest(
        dataset=name,
        root=tree.root,
        labels=labels,
        entries=entries,
        problems=(*tree.problems, *not_as_published(folds, published)),
        licence="CC-BY-3.0" if name == "esc10" else "CC-BY-NC-3.0",
    )


ESC50 = Adaptor("esc50", "ESC-50: 2,000 sounds", esc50, (), 44_100, (5, 5))
# The Vorbis files of the first publication end up to 0.1 s early or late.
ESC10 = Adaptor("esc10", "ESC-10: 400 of them", esc10, (), 44_100, (4.9, 5.2))
