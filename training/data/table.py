"""A manifest in figures: splits or folds by classes, as a text."""

from __future__ import annotations

from collections import Counter

from training.data.manifest import SPLITS, Manifest
from training.data.splits import group_of

MAX_CLASSES = 60
MAX_NAME = 28
WHOLE = "all"


def counts(manifest: Manifest) -> str:
    """Clips of every class in every split or fold, and how many groups these have."""
    columns = _columns(manifest)
    cells = Counter(
        (label, column)
        for e in manifest.entries
        for column in (_column(e.split, e.fold), WHOLE)
        for label in e.labels
    )
    groups = {c: set() for c in columns}
    for e in manifest.entries:
        groups[_column(e.split, e.fold)].add(group_of(e))
        groups[WHOLE].add(group_of(e))
    clips = Counter(_column(e.split, e.fold) for e in manifest.entries)
    clips[WHOLE] = len(manifest.entries)
    shown = manifest.labels[:MAX_CLASSES]
    rows = [["class", *columns]]
    rows += [[label, *(str(cells[label, c]) for c in columns)] for label in shown]
    if len(manifest.labels) > len(shown):
        rows.append([f"… {len(manifest.labels) - len(shown)} more classes"])
    rows.append(["clips", *(str(clips[c]) for c in columns)])
    rows.append(["sources or speakers", *(str(len(groups[c])) for c in columns)])
    return _aligned(rows)


def licences(manifest: Manifest) -> str:
    """The licences of the entries, the most frequent first."""
    found = Counter(e.licence or "not given" for e in manifest.entries)
    return ", ".join(f"{licence} ({n})" for licence, n in found.most_common(8))


def _column(split: str, fold: int) -> str:
    return split or (f"fold {fold}" if fold else "unsplit")


def _columns(manifest: Manifest) -> list[str]:
    present = {(e.split, e.fold if not e.split else 0) for e in manifest.entries}
    order = {split: k for k, split in enumerate(SPLITS)}
    ranked = sorted(present, key=lambda c: (order.get(c[0], 9), c[1]))
    return [*(_column(*c) for c in ranked), WHOLE]


def _aligned(rows: list[list[str]]) -> str:
    first = min(MAX_NAME, max(len(row[0]) for row in rows))
    width = max(len(cell) for row in rows for cell in row[1:]) + 2
    return "\n".join(
        f"{row[0][:first]:{first}s}{''.join(f'{cell:>{width}s}' for cell in row[1:])}"
        for row in rows
    )
