"""Speech Commands v0.01 and v0.02 (Warden, 2018), their test archive, and SC09."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import soundfile

from rtaudio_dl.errors import shown
from training.data import splits, text
from training.data.adaptor import Adaptor, not_as_published
from training.data.manifest import SPLITS, Entry, Manifest
from training.data.tree import Tree
from training.errors import DataError

LICENCE = "CC-BY-4.0"
SILENCE, UNKNOWN, NOISE = "_silence_", "_unknown_", "_background_noise_"
COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
TWELVE = (SILENCE, UNKNOWN, *COMMANDS)
DIGITS = (
    *("zero", "one", "two", "three", "four"),
    *("five", "six", "seven", "eight", "nine"),
)
LISTS = {"valid": "validation_list.txt", "test": "testing_list.txt"}
NAME = re.compile(r"(?:([A-Za-z]+)_)?([0-9a-f]{8})_nohash_(\d+)")
PUBLISHED = {
    "speech_commands_v1": {"train": 51_094, "valid": 6_798, "test": 6_835},
    "speech_commands_v2": {"train": 84_843, "valid": 9_981, "test": 11_005},
    "sc09": {"train": 18_620, "valid": 2_494, "test": 2_552},
    "speech_commands_test": {"test": 4_890},
}
UNKNOWN_PERCENT = 10.0  # Of a split's commands, as the published training code takes.
SILENCE_SECONDS = 1.0
MAX_PARTITION = 2**27 - 1


def which_set(name: str, valid: float = 10.0, test: float = 10.0) -> str:
    """The published split of a recording: a hash of the speaker's part of its name.

    All recordings of a speaker, and later ones too, come to the same split.
    """
    speaker = re.sub(r"_nohash_.*$", "", name.rsplit("/", 1)[-1])
    number = int(hashlib.sha1(speaker.encode()).hexdigest(), 16)
    percent = (number % (MAX_PARTITION + 1)) * (100.0 / MAX_PARTITION)
    if percent < valid:
        return "valid"
    return "test" if percent < valid + test else "train"


def version_1(
    source: Path, task: int = 35, unknown: float = UNKNOWN_PERCENT
) -> Manifest:
    """Version 0.01: 64,727 recordings of 30 words."""
    return _words("speech_commands_v1", source, task, unknown)


def version_2(
    source: Path, task: int = 35, unknown: float = UNKNOWN_PERCENT
) -> Manifest:
    """Version 0.02: 105,829 recordings of 35 words.

    ``task`` 35 takes every word, 12 the ten commands, ``_unknown_`` (other words,
    ``unknown`` percent of the commands in each split) and ``_silence_`` (the background
    noises in parts of a second; unlike in the published code each noise file is in one
    split only).
    """
    return _words("speech_commands_v2", source, task, unknown)


def sc09(source: Path) -> Manifest:
    """The ten digits, from Speech Commands itself or as published with WaveGAN."""
    tree = Tree(source)
    packed = set(tree.folders()) <= set(SPLITS)
    found = _packed(tree) if packed else _recordings(tree, DIGITS)
    return _manifest("sc09", tree, found, DIGITS)


def archive(source: Path) -> Manifest:
    """The separate test archive: a folder for each of the twelve classes.

    ``_silence_`` has no speakers; each of its files is a group.
    """
    tree = Tree(source)
    _check_folders(tree, TWELVE)
    entries = []
    for label in TWELVE:
        for path in tree.under(label):
            match = NAME.fullmatch(Path(path).stem)
            if not match and label != SILENCE:
                tree.problems.append(f"{path}: not named SPEAKER_nohash_N")
                continue
            word = match[1] or label if match else ""
            group = match[2] if match else Path(path).stem
            extra = {"word": word} if word else {}
            entry = Entry(path, (label,), "test", 0, group, LICENCE, extra=extra)
            entries.append(entry)
    return _manifest("speech_commands_test", tree, entries, TWELVE)


def _words(name: str, source: Path, task: int, unknown: float) -> Manifest:
    if task not in (12, 35):
        raise DataError(f"task is {shown(task)}; allowed: 12 or 35 (every word)")
    tree = Tree(source)
    words = tuple(f for f in tree.folders() if f != NOISE)
    _check_folders(tree, COMMANDS)
    found = _recordings(tree, words)
    twelve = (*_commands(found, unknown), *_silence(tree)) if task == 12 else ()
    made = _manifest(name, tree, found, words)
    return replace(made, labels=TWELVE, entries=twelve) if task == 12 else made


def _check_folders(tree: Tree, wanted: Iterable[str]) -> None:
    missing = [folder for folder in wanted if not tree.under(folder)]
    if missing:
        raise DataError(
            f"{tree.root}: no recordings in {', '.join(missing)}; found "
            f"{shown(tree.folders())}"
        )


def _recordings(tree: Tree, words: tuple[str, ...]) -> list[Entry]:
    """One entry for each recording of these words, with its official split."""
    _check_folders(tree, words)
    listed, entries = _lists(tree), []
    for word in words:
        for path in tree.under(word):
            match = NAME.fullmatch(Path(path).stem)
            if not match:
                tree.problems.append(f"{path}: not named SPEAKER_nohash_N")
                continue
            split = listed.get(path, "train") if listed else which_set(path)
            extra = {"word": word}
            entry = Entry(path, (word,), split, 0, match[2], LICENCE, extra=extra)
            entries.append(entry)
    known = set(tree.paths)
    tree.problems += [f"{p}: listed, but missing" for p in listed if p not in known]
    return entries


def _lists(tree: Tree) -> dict[str, str]:
    """Path -> split, of the two published lists; empty where they are not there."""
    listed: dict[str, str] = {}
    if not all((tree.root / name).is_file() for name in LISTS.values()):
        return listed
    for split, name in LISTS.items():
        for line in text.lines(tree.root / name):
            path = tree.like(line)
            if listed.setdefault(path, split) != split:
                raise DataError(f"{tree.root / name}: {shown(path)} is in both lists")
    return listed


def _packed(tree: Tree) -> list[Entry]:
    """SPLIT/Word_SPEAKER_nohash_N.wav."""
    entries = []
    for path in tree.paths:
        match = NAME.fullmatch(Path(path).stem)
        word = (match and match[1] or "").lower()
        if word not in DIGITS:
            tree.problems.append(f"{path}: not named Digit_SPEAKER_nohash_N")
            continue
        split = path.split("/", 1)[0]
        entries.append(Entry(path, (word,), split, 0, match[2], LICENCE))
    return entries


def _commands(found: list[Entry], unknown: float) -> list[Entry]:
    """The ten commands, and some of the other words as ``_unknown_``.

    Which ones is decided by the hash of their paths, so that it never changes.
    """
    if not 0 <= unknown <= 100_000:
        raise DataError(f"unknown is {unknown} %; allowed: 0 to 100000")
    entries = [e for e in found if e.labels[0] in COMMANDS]
    for split, number in Counter(e.split for e in entries).items():
        others = [e for e in found if e.split == split and e.labels[0] not in COMMANDS]
        others.sort(key=lambda e: hashlib.sha1(e.path.encode()).digest())
        taken = others[: math.ceil(number * unknown / 100)]
        entries += [replace(e, labels=(UNKNOWN,)) for e in taken]
    return entries


def _silence(tree: Tree) -> list[Entry]:
    """Each background noise in parts of a second, and in one split."""
    parts = []
    for path in tree.under(NOISE):
        try:
            seconds = int(soundfile.info(tree.root / path).duration / SILENCE_SECONDS)
        except (OSError, soundfile.SoundFileError) as error:
            tree.problems.append(f"{path}: unreadable ({error})")
            continue
        part = Entry(path, (SILENCE,), "", 0, Path(path).stem, LICENCE)
        parts += [
            replace(part, start=k * SILENCE_SECONDS, seconds=SILENCE_SECONDS)
            for k in range(seconds)
        ]
    given = splits.deal(parts, (80, 10, 10), seed=0)
    return [replace(p, split=SPLITS[given[p.group]]) for p in parts]


def _manifest(
    name: str, tree: Tree, entries: Iterable[Entry], labels: tuple[str, ...]
) -> Manifest:
    entries = tuple(entries)
    differ = not_as_published(Counter(e.split for e in entries), PUBLISHED[name])
    problems = (*tree.problems, *differ)
    return Manifest(name, tree.root, labels, entries, problems, False, LICENCE)


FACTS = {"rate": 16_000, "seconds": (0.1, 1.0)}
WORDS = {"options": ("task", "unknown"), **FACTS}
V1 = Adaptor(
    "speech_commands_v1", "Speech Commands v0.01, 30 words", version_1, **WORDS
)
V2 = Adaptor(
    "speech_commands_v2", "Speech Commands v0.02, 35 words", version_2, **WORDS
)
ARCHIVE = Adaptor(
    "speech_commands_test", "its test archive, 12 classes", archive, **FACTS
)
SC09 = Adaptor("sc09", "the digits of Speech Commands", sc09, **FACTS)
