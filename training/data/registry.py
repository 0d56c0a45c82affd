"""The data sets that we know, by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rtaudio_dl.errors import shown
from training.data import splits
from training.data.adaptor import Adaptor
from training.data.audioset import AUDIOSET
from training.data.bbc import BBC
from training.data.esc import ESC10, ESC50
from training.data.folder import FOLDER
from training.data.fsdd import FSDD
from training.data.fsdkaggle import FSDKAGGLE2018
from training.data.manifest import Manifest, check
from training.data.nsynth_set import NSYNTH
from training.data.speech_commands import ARCHIVE, SC09, V1, V2
from training.data.urbansound import URBANSOUND8K
from training.data.vegas import VEGAS
from training.errors import DataError

ADAPTORS: dict[str, Adaptor] = {
    adaptor.name: adaptor
    for adaptor in (
        *(FOLDER, ESC50, ESC10, V1, V2, ARCHIVE, SC09, FSDD, NSYNTH),
        *(URBANSOUND8K, FSDKAGGLE2018, AUDIOSET, VEGAS, BBC),
    )
}
CHOICES = ("auto", "official", "group")


def build(
    name: str,
    source: Path,
    *,
    split: str = "auto",
    seed: int = 0,
    valid: float = 10.0,
    test: float = 10.0,
    folds: int = 0,
    held_out: Iterable[str] = (),
    **options: Any,
) -> Manifest:
    """The manifest of a data set as it was unpacked into ``source``.

    ``split`` is ``official`` (as published), ``group`` (anew, no source or speaker in
    two splits, ``valid`` and ``test`` percent) or ``auto``: official where one is
    published. ``folds`` deals the groups into that many folds; ``held_out`` names
    groups to test on. ``options`` are the adaptor's own. That files can be read is what
    `audit.audit` finds out. Raises DataError.
    """
    adaptor = find(name)
    unknown = [key for key in options if key not in adaptor.options]
    if unknown or split not in CHOICES:
        raise DataError(
            f"{name} has no option {unknown[0]}; it has: "
            f"{', '.join(adaptor.options) or 'none'}"
            if unknown
            else f"split is {shown(split)}; allowed: {', '.join(CHOICES)}"
        )
    manifest = adaptor.build(Path(source), **options)
    check(manifest, str(source))
    if held_out:
        return splits.hold_out(manifest, held_out, seed, valid)
    if folds:
        return splits.into_folds(manifest, folds, seed)
    published = any(e.split or e.fold for e in manifest.entries)
    if split == "group" or (split == "auto" and not published):
        return splits.by_group(manifest, seed, valid, test)
    return manifest


def find(name: str) -> Adaptor:
    """The adaptor of that name. Raises DataError listing all."""
    if name not in ADAPTORS:
        raise DataError(f"no data set {shown(name)}; known: {', '.join(ADAPTORS)}")
    return ADAPTORS[name]
