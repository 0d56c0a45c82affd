"""Which sounds train, validate and test: by the data set's own protocol, no leaks."""

from __future__ import annotations

import hashlib

import numpy as np

from training.data.manifest import Manifest
from training.errors import DataError
from training.tasks.classify.config import Data

MAX_RUNS = 64  # Of one cross-validation.


def runs(manifest: Manifest, data: Data) -> tuple[int, ...]:
    """Numbers of the runs that a protocol asks for: (0,), or folds counted from 1."""
    if data.protocol == "split":
        return (0,)
    found = tuple(sorted({int(fold) for fold in folds(manifest, data) if fold}))
    if not 2 <= len(found) <= MAX_RUNS:
        raise DataError(
            f"{data.manifest}: {len(found)} {data.protocol} to leave out one by one; "
            f"allowed: 2 to {MAX_RUNS}"
        )
    return found


def folds(manifest: Manifest, data: Data) -> np.ndarray:
    """Fold of every entry; with the protocol ``groups`` each group is one."""
    if data.protocol == "folds":
        return np.array([e.fold for e in manifest.entries])
    names = sorted({e.group for e in manifest.entries})
    return np.array([names.index(e.group) + 1 for e in manifest.entries])


def parts(manifest: Manifest, data: Data, run: int) -> np.ndarray:
    """``train``, ``valid``, ``test`` or empty for every entry, as an array of texts.

    Raises DataError if a group is in two parts, or nothing is left to train on.
    """
    if data.protocol == "split":
        part = np.array([e.split for e in manifest.entries], dtype="<U5")
    else:
        fold = folds(manifest, data)
        part = np.where(fold == run, "test", "train").astype("<U5")
    if data.valid_share and not np.any(part == "valid"):
        _carve(manifest, part, data.valid_share)
    check(manifest, part)
    return part


def check(manifest: Manifest, part: np.ndarray) -> None:
    """Raise DataError if a group or a file is in two parts, or no sound trains."""
    seen: dict[tuple[str, str], str] = {}
    for entry, name in zip(manifest.entries, part, strict=True):
        for key in (("group", entry.group), ("file", entry.path)):
            if name and key[1] and seen.setdefault(key, name) != name:
                raise DataError(
                    f"{manifest.dataset}: {key[0]} {key[1]!r} is in {seen[key]} and in "
                    f"{name}; a source must be in one part only: prepare it again with "
                    "a split by group"
                )
    for name in ("train", "test"):
        if not np.any(part == name):
            raise DataError(
                f"{manifest.dataset}: no sound is in the part {name!r}; prepare it "
                "with a split by group"
            )


def _carve(manifest: Manifest, part: np.ndarray, share: float) -> None:
    """Move whole groups from ``train`` to ``valid``, in the order of their digests."""
    sizes: dict[str, list[int]] = {}
    for i in np.flatnonzero(part == "train"):
        sizes.setdefault(manifest.entries[i].group or str(i), []).append(int(i))
    order = sorted(sizes, key=lambda g: hashlib.sha256(f"valid {g}".encode()).digest())
    wanted = share * sum(map(len, sizes.values()))
    taken = 0
    for group in order[:-1]:  # One group at least must train.
        if taken >= wanted:
            break
        part[sizes[group]] = "valid"
        taken += len(sizes[group])
