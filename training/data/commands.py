"""`prepare DATASET SRC` and `sort DATASET SRC DST`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.data import audit, manifest, registry, splits, table
from training.data import sort as sorting
from training.data.manifest import Manifest
from training.data.text import printable
from training.run.bar import bar

FOLDER = Path("input/manifests")
NOTES = Path("input")
SHOWN_PROBLEMS = 12
BUILD_OPTIONS = ("split", "seed", "valid", "test", "folds", "held_out")


def add_prepare_options(parser: argparse.ArgumentParser) -> None:
    """Options of `prepare DATASET SRC`."""
    parser.add_argument("--out", type=Path, help=f"manifest; else {FOLDER}/NAME.csv")
    _add_build_options(parser)
    parser.add_argument(
        "--decode", action="store_true", help="read every file to its end"
    )


def add_sort_options(parser: argparse.ArgumentParser) -> None:
    """Arguments and options of `sort DATASET SRC DST`."""
    parser.add_argument("dataset", help=", ".join(registry.ADAPTORS))
    parser.add_argument("source", type=Path, help="folder with the data set")
    parser.add_argument("target", type=Path, help="folder for CLASS/NAME")
    parser.add_argument(
        "--link", action="store_true", help="hard links instead of copies"
    )
    _add_build_options(parser)


def _add_build_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--split", choices=registry.CHOICES, default="auto", help="which split")
    add("--seed", type=int, default=0, help="of a split by group")
    add("--valid", type=float, default=10.0, metavar="PERCENT", help="by group")
    add("--test", type=float, default=10.0, metavar="PERCENT", help="by group")
    add("--folds", type=int, default=0, help="deal the groups into so many folds")
    add(
        "--held-out",
        nargs="+",
        default=(),
        metavar="GROUP",
        help="test on these speakers or sources",
    )
    add("--task", type=int, help="Speech Commands: 12 or 35 classes")
    add("--unknown", type=float, metavar="PERCENT", help="Speech Commands: other words")


def prepare(name: str, source: Path, options: argparse.Namespace) -> Path:
    """Build, audit, write and tell; gives the manifest's path."""
    made = _build(name, source, options)
    path = options.out or FOLDER / f"{made.dataset}.csv"
    cache = path.with_suffix(".audit.csv")
    made = audit.audit(made, registry.find(name), cache, options.decode, bar)
    torn = tuple(f"leak: {line}" for line in splits.leaks(made))
    manifest.write(replace(made, problems=(*made.problems, *torn)), path)
    print(table.counts(made))
    print(f"licences: {table.licences(made)}")
    _tell([*torn, *made.problems], path)
    if torn:
        print(
            f"warning: {len(torn)} sources, speakers or files are in two splits, as "
            "published; for honest figures split anew with --split group"
        )
    print(f"manifest: {path}")
    return path


def prepare_soundfont(font: Path, options: argparse.Namespace) -> None:
    """Render a SoundFont's notes in NSynth's format."""
    from training.data import soundfont

    out = options.out or NOTES / font.stem.lower()
    groups = options.groups or soundfont.FLUIDR3
    found = soundfont.render(font, out, groups, bar)
    counts = [
        f"{split} {sum(e['split'] == split for e in found)}"
        for split in ("train", "valid", "test")
    ]
    presets = len({e["instrument"] for e in found})
    print(f"{len(found)} notes of {presets} presets in {out} ({', '.join(counts)})")
    print("train: set data.source in configs/notes.toml, or --source")


def _build(name: str, source: Path, options: argparse.Namespace) -> Manifest:
    own = {
        key: getattr(options, key)
        for key in ("task", "unknown")
        if getattr(options, key) is not None
    }
    shared: dict[str, Any] = {key: getattr(options, key) for key in BUILD_OPTIONS}
    return registry.build(name, source, **shared, **own)


def sort(options: argparse.Namespace) -> None:
    """Lay a data set's sounds into class folders, and tell."""
    made = _build(options.dataset, options.source, options)
    made = audit.audit(made, registry.find(options.dataset), progress=bar)
    done = sorting.sort(made, options.target, options.link, bar)
    print(f"{done.laid} laid into {options.target}, {done.there} were there")
    _tell([*done.problems, *made.problems], None)


def _tell(problems: list[str], path: Path | None) -> None:
    for problem in problems[:SHOWN_PROBLEMS]:
        print(f"problem: {printable(problem)}")
    hidden = len(problems) - SHOWN_PROBLEMS
    if hidden > 0:
        where = f", all of them in {path.with_suffix('.json')}" if path else ""
        print(f"… and {hidden} more problems{where}")
