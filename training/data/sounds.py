"""Finding sounds: files, their classes, and a split by source that never leaks."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from training.data.clips import ClipData
from training.errors import DataError

SUFFIXES = (".wav", ".flac", ".ogg")
SPLITS = ("train", "valid", "test")
HELD_OUT_SHARE = 0.1  # Of the clips, for valid and for test, when nothing says.
MAX_FILES = 1_000_000


@dataclass(frozen=True)
class Clip:
    """One sound file. ``group`` names its source (a kit, a session, a player)."""

    path: str
    label: str
    group: str
    split: str = ""
    licence: str = ""
    source: str = ""


def find(data: ClipData) -> tuple[Clip, ...]:
    """All clips under ``data.source``, split by group, in the order of their paths.

    A ``manifest.csv`` there (path, label, group, split, licence, source) is followed;
    else the first folder is the class, and the next folder, or the name up to its
    first separator, the group. Raises DataError when nothing can be trained on.
    """
    root = Path(data.source)
    if not root.is_dir():
        raise DataError(
            f"{root}: no such folder; put sounds into {root}/CLASS/NAME.wav "
            f"({', '.join(SUFFIXES)})"
        )
    manifest = root / "manifest.csv"
    clips = _from_manifest(root, manifest) if manifest.is_file() else _from_tree(root)
    clips = [_renamed(c, data) for c in clips if not _excluded(c, data)]
    if data.classes:
        clips = [c for c in clips if c.label in data.classes]
    if not clips:
        raise DataError(
            f"{root}: no sounds of the classes {', '.join(data.classes) or '(any)'}; "
            f"expected {root}/CLASS/NAME with {', '.join(SUFFIXES)}"
        )
    clips = sorted(split_by_group(clips), key=lambda c: c.path)
    check_groups(clips)
    check_licences(clips, data.licences)
    return tuple(clips)


def split_by_group(clips: Iterable[Clip]) -> list[Clip]:
    """Give every clip without a split one, the same for its whole group.

    Groups come in the order of their names' digests, so that adding a group moves few
    others. A group of which a part has a split goes there as a whole.
    """
    clips = list(clips)
    given = {c.group: c.split for c in clips if c.split}
    sizes = Counter(c.group for c in clips if c.group not in given)
    target = HELD_OUT_SHARE * sum(sizes.values())
    held_out = {"test": 0, "valid": 0}
    order = sorted(sizes, key=lambda g: hashlib.sha256(g.encode()).hexdigest())
    for group in order:
        open_splits = [
            s for s, n in held_out.items() if n + sizes[group] <= max(target, 1) * 2
        ]
        wanting = [s for s in open_splits if held_out[s] < target]
        given[group] = wanting[0] if wanting and len(order) > 2 else "train"
        if given[group] != "train":
            held_out[given[group]] += sizes[group]
    return [replace(c, split=c.split or given[c.group]) for c in clips]


def check_groups(clips: Iterable[Clip]) -> None:
    """Raise DataError if a group is in two splits: its sounds would leak."""
    seen: dict[str, str] = {}
    for clip in clips:
        first = seen.setdefault(clip.group, clip.split)
        if first != clip.split:
            raise DataError(
                f"group {clip.group!r} is in {first} and in {clip.split}; a source "
                "must be in one split only, correct the manifest"
            )
    if "train" not in seen.values():
        raise DataError("no group is in the split 'train'; correct the manifest")


def check_licences(clips: Iterable[Clip], allowed: tuple[str, ...]) -> None:
    """Raise DataError if a clip to be trained on has a licence that is not allowed."""
    if not allowed:
        return
    wrong = Counter(
        c.licence or "(none given)"
        for c in clips
        if c.split == "train" and c.licence not in allowed
    )
    if wrong:
        found = ", ".join(f"{n} x {licence}" for licence, n in wrong.items())
        raise DataError(
            f"training sounds with licences that data.licences does not allow: "
            f"{found}; allowed: {', '.join(allowed)}; leave them out with data.exclude"
        )


def licence_summary(clips: Iterable[Clip]) -> str:
    """The licences of the training clips, the most frequent first."""
    counts = Counter(c.licence or "unknown" for c in clips if c.split == "train")
    return ", ".join(f"{licence} ({n})" for licence, n in counts.most_common())


def _from_manifest(root: Path, manifest: Path) -> list[Clip]:
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    clips = []
    for number, row in enumerate(rows, start=2):
        path, label = row.get("path"), row.get("label")
        if not path or not label:
            raise DataError(f"{manifest}:{number}: path and label must be given")
        if not (root / path).resolve().is_relative_to(root.resolve()):
            raise DataError(f"{manifest}:{number}: {path} is outside {root}")
        split = row.get("split") or ""
        if split and split not in SPLITS:
            raise DataError(
                f"{manifest}:{number}: split is {split!r}; allowed: {', '.join(SPLITS)}"
            )
        clips.append(
            Clip(
                path=path,
                label=label,
                group=row.get("group") or _group(Path(path)),
                split=split,
                licence=row.get("licence") or "",
                source=row.get("source") or "",
            )
        )
    return clips


def _from_tree(root: Path) -> list[Clip]:
    paths = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES)
    if len(paths) > MAX_FILES:
        raise DataError(f"{root}: {len(paths)} files, at most {MAX_FILES} allowed")
    relative = [p.relative_to(root) for p in paths]
    return [
        Clip(path=p.as_posix(), label=p.parts[0], group=_group(p))
        for p in relative
        if len(p.parts) > 1
    ]


def _group(path: Path) -> str:
    """The sub-folder below the class, or the name up to its first separator."""
    if len(path.parts) > 2:
        return "/".join(path.parts[1:-1])
    return re.split(r"[-_ .]", path.stem)[0].rstrip("0123456789") or path.stem


def _renamed(clip: Clip, data: ClipData) -> Clip:
    return replace(clip, label=data.aliases.get(clip.label, clip.label))


def _excluded(clip: Clip, data: ClipData) -> bool:
    return any(fnmatch(clip.path, pattern) for pattern in data.exclude)
