"""The commands: prepare, sort, train, resume, sample, evaluate, export."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from rtaudio_dl.errors import RtaudioError
from training.data import commands as datasets
from training.data import prepare, sounds
from training.data.clips import ClipData
from training.data.registry import ADAPTORS
from training.errors import DataError
from training.run import commands
from training.run.bar import bar
from training.run.config import freeze, mapping

SOUNDFONT = "soundfont"  # of `prepare`, beside the data sets


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options = _parsed(sys.argv[1:] if arguments is None else arguments)
    try:
        options.command(options)
    except RtaudioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    """The options; KEY=VALUE may stand anywhere among them."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    wrong = [r for r in rest if r.startswith("-") or "=" not in r]
    if wrong or (rest and not hasattr(options, "pairs")):
        parser.error(f"unrecognized arguments: {' '.join(wrong or rest)}")
    if rest:
        options.pairs = [*options.pairs, *rest]
    options.arguments = arguments
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Train a neural instrument from a folder of sounds.",
        epilog="Usual order: prepare, train, sample, evaluate, export.",
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function, help: str) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(name, help=help, description=help)
        sub.set_defaults(command=function)
        return sub

    _add_prepare(
        command("prepare", _prepare, "check sounds: SOURCE, or DATASET SOURCE")
    )
    sub = command("sort", datasets.sort, "lay a data set's sounds into class folders")
    datasets.add_sort_options(sub)
    _add_train(command("train", commands.train, "train from a TOML file"))

    def of_run(name: str, help: str) -> argparse.ArgumentParser:
        sub = command(name, getattr(commands, name), help)
        sub.add_argument("path", type=Path, metavar="RUN", help="folder, or checkpoint")
        _add_pairs(sub)
        return sub

    sub = of_run("resume", "go on with a run from its newest checkpoint")
    _add_length(sub, "of the whole run")
    sub = of_run("sample", "write sounds to listen to, and their picture")
    sub.add_argument("--out", type=Path, default=Path("runs/samples"))
    sub.add_argument("--each", type=int, default=8, help="sounds per class")
    sub = of_run("evaluate", "measure a model against held-out sounds")
    sub.add_argument("--out", type=Path, help="folder of the report")
    sub.add_argument("--seeds", type=int, default=3, help="classifiers to train")
    sub = of_run("export", "write NAME.onnx with its card and golden pair")
    sub.add_argument("--out", type=Path, default=Path("models"))
    sub.add_argument("--metrics", type=Path, help="metrics.json of `evaluate`")
    return parser


def _add_prepare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        nargs="+",
        metavar="[DATASET] SOURCE",
        help="a folder with CLASS/NAME.wav|flac|ogg, whose sounds are cached for a "
        f"generator; or {', '.join(ADAPTORS)} and its folder, for a manifest; or "
        f"{SOUNDFONT} and a .sf2 file, to render notes in NSynth's format",
    )
    parser.add_argument("--config", type=Path, help="TOML whose [data] says how")
    parser.add_argument(
        "--groups", type=Path, help=f"{SOUNDFONT}: JSON of presets that share samples"
    )
    datasets.add_prepare_options(parser)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", type=Path, metavar="CONFIG", help="such as configs/wavegan_drums.toml"
    )
    parser.add_argument(
        "--source", help="folder of sounds (or manifest) instead of the file's"
    )
    parser.add_argument("--run", help="folder to write into instead of the file's")
    _add_length(parser, "instead of the file's")
    _add_pairs(parser)


def _add_length(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--steps", type=int, help=f"steps {what}")
    parser.add_argument("--epochs", type=int, help=f"a classifier's epochs {what}")
    parser.add_argument("--minutes", type=float, help=f"time limit {what}")


def _add_pairs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pairs",
        nargs="*",
        metavar="KEY=VALUE",
        help="any field of the configuration, such as training.seed=2",
    )


def _prepare(options: argparse.Namespace) -> None:
    if len(options.source) > 2:
        raise DataError(f"{len(options.source)} folders; allowed: [DATASET] SOURCE")
    if len(options.source) == 2:
        name, source = options.source
        if name == SOUNDFONT:
            datasets.prepare_soundfont(Path(source), options)
            return
        datasets.prepare(name, Path(source), options)
        return
    if options.source[0] in ADAPTORS and not Path(options.source[0]).is_dir():
        raise DataError(f"{options.source[0]} is a data set; name its folder after it")
    table = mapping(options.config).get("data", {}) if options.config else {}
    data = freeze(ClipData, table, str(options.config), "data.")
    _tell(prepare.load(replace(data, source=options.source[0]), bar))


def _tell(dataset: prepare.Dataset) -> None:
    classes = dataset.classes()
    for k, label in enumerate(dataset.labels):
        parts = [
            f"{split} {int((classes[dataset.rows(split)] == k).sum()):5d}"
            for split in sounds.SPLITS
        ]
        print(f"{label:12s} {'  '.join(parts)}")
    print(f"licences of the training sounds: {sounds.licence_summary(dataset.clips)}")
    for skipped in dataset.skipped:
        print(f"skipped {skipped}")
