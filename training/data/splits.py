"""Splits and folds that never tear a source apart, and the proof that none is torn."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rtaudio_dl.errors import shown
from training.data.manifest import SPLITS, Entry, Manifest
from training.errors import DataError

SHOWN_LEAKS = 3


def group_of(entry: Entry) -> str:
    """What must stay together: the entry's group, or its file where it has none."""
    return entry.group or entry.path


def by_group(
    manifest: Manifest, seed: int = 0, valid: float = 10.0, test: float = 10.0
) -> Manifest:
    """Split anew by group; ``valid`` and ``test`` are percentages of the entries."""
    if not (0 <= valid and 0 <= test and valid + test < 100):
        raise DataError(
            f"valid {valid} % and test {test} %; allowed: 0 and above, together "
            "below 100"
        )
    given = deal(manifest.entries, (100 - valid - test, valid, test), seed)
    return _with(manifest, lambda e: {"split": SPLITS[given[group_of(e)]], "fold": 0})


def into_folds(manifest: Manifest, folds: int, seed: int = 0) -> Manifest:
    """Deal the groups into folds 1 to ``folds``; the split is taken away."""
    groups = len({group_of(e) for e in manifest.entries})
    if not 2 <= folds <= groups:
        raise DataError(
            f"{folds} folds; allowed: 2 to {groups}, the number of groups "
            f"in {manifest.dataset}"
        )
    given = deal(manifest.entries, (1.0,) * folds, seed)
    return _with(manifest, lambda e: {"fold": given[group_of(e)] + 1, "split": ""})


def hold_out(
    manifest: Manifest, groups: Iterable[str], seed: int = 0, valid: float = 10.0
) -> Manifest:
    """Test on these groups; the others are split into train and valid."""
    held = set(groups)
    known = {group_of(e) for e in manifest.entries}
    if not held or not held < known:
        raise DataError(
            f"held out: {shown(sorted(held))}; allowed: some, not all, of the "
            f"{len(known)} groups, such as {', '.join(sorted(known)[:6])}"
        )
    rest = [e for e in manifest.entries if group_of(e) not in held]
    given = deal(rest, (100 - valid, valid), seed) | dict.fromkeys(held, 2)
    return _with(manifest, lambda e: {"split": SPLITS[given[group_of(e)]], "fold": 0})


def deal(
    entries: Sequence[Entry], shares: Sequence[float], seed: int
) -> dict[str, int]:
    """Group -> number of its part, each part near its share of every label.

    Groups come in the order of their hashes, so that neither order nor names of files
    matter; each goes where it brings the counts of its labels nearest to the shares
    (after Sechidis et al. 2011, on groups). No part with a share stays empty where
    there are groups enough.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for e in entries:
        counts[group_of(e)].update(e.labels)
    totals = Counter(label for e in entries for label in e.labels)
    wanted = [share / (sum(shares) or 1) for share in shares]
    parts = [k for k, share in enumerate(wanted) if share > 0]
    filled: list[Counter[str]] = [Counter() for _ in wanted]
    dealt: dict[str, int] = {}
    order = sorted(counts, key=lambda group: _hash(seed, group))
    empty = set(parts)
    for n, group in enumerate(order):
        choice = sorted(empty) if len(order) - n <= len(empty) else parts
        part = min(
            choice,
            key=lambda k: _cost(counts[group], filled[k], totals, wanted[k]),
        )
        dealt[group] = part
        filled[part] += counts[group]
        empty.discard(part)
    return dealt


def _cost(
    group: Mapping[str, int],
    filled: Mapping[str, int],
    totals: Mapping[str, int],
    share: float,
) -> float:
    """By how much the squared distance from the shares grows if the group goes there.

    In parts of each label's total, so that rare labels count as much as common ones.
    """
    return sum(
        n * (n + 2 * (filled[label] - share * totals[label])) / totals[label] ** 2
        for label, n in group.items()
    )


def leaks(manifest: Manifest) -> list[str]:
    """One line for each file or group that lies in two splits, or in two folds."""
    lines = []
    for what, key in (("file", lambda e: e.path), ("group", group_of)):
        for field in ("split", "fold"):
            places: dict[str, set] = defaultdict(set)
            for e in manifest.entries:
                if getattr(e, field):
                    places[key(e)].add(getattr(e, field))
            lines += [
                f"{what} {name} is in the {field}s {', '.join(map(str, sorted(seen)))}"
                for name, seen in places.items()
                if len(seen) > 1
            ]
    return lines


def check_no_leak(manifest: Manifest) -> None:
    """Raise DataError if a file, source or speaker is in two splits, or two folds."""
    found = leaks(manifest)
    if found:
        more = f"; and {len(found) - SHOWN_LEAKS} more" * (len(found) > SHOWN_LEAKS)
        raise DataError(
            f"{manifest.dataset}: {'; '.join(found[:SHOWN_LEAKS])}{more}; "
            "split by group instead (--split group)"
        )


def _hash(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()


def _with(manifest: Manifest, changes) -> Manifest:
    entries = tuple(replace(e, **changes(e)) for e in manifest.entries)
    return replace(manifest, entries=entries)
