"""Free Spoken Digit Dataset: ``recordings/DIGIT_SPEAKER_INDEX.wav``, 8 kHz."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from training.data.adaptor import Adaptor, not_as_published
from training.data.manifest import Entry, Manifest
from training.data.tree import Tree
from training.errors import DataError

LICENCE = "CC-BY-SA-4.0"
NAME = re.compile(r"(\d)_([a-z]+)_(\d{1,3})")
TEST_BELOW = 5  # The published split: takes 0 to 4 of every digit and speaker.
PUBLISHED = {"train": 2_700, "test": 300}


def fsdd(source: Path) -> Manifest:
    """The published split by take, in which every speaker is in both parts.

    For unseen speakers split by group, or hold one speaker out.
    """
    tree = Tree(source)
    entries = []
    for path in tree.under("recordings"):
        match = NAME.fullmatch(Path(path).stem)
        if not match:
            tree.problems.append(f"{path}: not named DIGIT_SPEAKER_INDEX")
            continue
        digit, speaker, take = match.groups()
        split = "test" if int(take) < TEST_BELOW else "train"
        extra = {"take": take}
        entries.append(Entry(path, (digit,), split, 0, speaker, LICENCE, extra=extra))
    if not entries:
        raise DataError(f"{source}: no recordings/DIGIT_SPEAKER_INDEX.wav")
    differ = not_as_published(Counter(e.split for e in entries), PUBLISHED)
    problems = (*tree.problems, *differ)
    labels = tuple("0123456789")
    return Manifest("fsdd", tree.root, labels, tuple(entries), problems, False, LICENCE)


FSDD = Adaptor(
    "fsdd", "Free Spoken Digit Dataset", fsdd, rate=8_000, seconds=(0.1, 3.0)
)
