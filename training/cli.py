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
from training.data.registry import ADAPTORS
from training.errors import DataError
from training.run import config as reading
from training.run import registry as tasks
from training.run.bar import bar
from training.tasks.wavegan.config import Config

SOUNDFONT = "soundfont"  # of `prepare`, beside the data sets


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except RtaudioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Train a neural instrument from a folder of sounds.",
        epilog="Usual order: prepare, train, sample, evaluate, export.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(command=function)
        return sub

    def of_run(name: str, help: str) -> argparse.ArgumentParser:
        sub = command(name, _of_run(name), help)
        sub.add_argument("run", type=Path, help="folder of a run, or one checkpoint")
        return sub

    sub = command("prepare", _prepare, "check sounds: SOURCE, or DATASET SOURCE")
    sub.add_argument(
        "source",
        nargs="+",
        metavar="[DATASET] SOURCE",
        help="a folder with CLASS/NAME.wav|flac|ogg, whose sounds are cached for a "
        f"generator; or {', '.join(ADAPTORS)} and its folder, for a manifest; or "
        f"{SOUNDFONT} and a .sf2 file, to render notes in NSynth's format",
    )
    sub.add_argument("--config", type=Path, help="TOML whose [data] says how")
    sub.add_argument(
        "--groups", type=Path, help=f"{SOUNDFONT}: JSON of presets that share samples"
    )
    datasets.add_prepare_options(sub)

    sub = command("sort", datasets.sort, "lay a data set's sounds into class folders")
    datasets.add_sort_options(sub)

    sub = command("train", _train, "train from a TOML file")
    sub.add_argument("config", type=Path, help="such as configs/wavegan_drums.toml")
    sub.add_argument(
        "--source", help="folder of sounds (or manifest) instead of the file's"
    )
    sub.add_argument("--run", help="folder to write into instead of the file's")
    sub.add_argument("--steps", type=int, help="steps instead of the file's")
    sub.add_argument("--epochs", type=int, help="a classifier's epochs instead")
    sub.add_argument("--minutes", type=float, help="time limit instead of the file's")

    sub = of_run("resume", "go on with a run from its newest checkpoint")
    sub.add_argument("--steps", type=int, help="train up to this step")
    sub.add_argument("--epochs", type=int, help="a classifier: up to this epoch")
    sub.add_argument("--minutes", type=float, help="new time limit of the whole run")

    sub = of_run("sample", "write sounds of every class, and their picture")
    sub.add_argument("--out", type=Path, default=Path("runs/samples"))
    sub.add_argument("--each", type=int, default=8, help="sounds per class")

    sub = of_run("evaluate", "measure a model against held-out sounds")
    sub.add_argument("--out", type=Path, help="folder of the report")
    sub.add_argument("--seeds", type=int, default=3, help="classifiers to train")

    sub = of_run("export", "write NAME.onnx with its card and golden pair")
    sub.add_argument("--out", type=Path, default=Path("models"))
    sub.add_argument("--metrics", type=Path, help="metrics.json of `evaluate`")
    return parser


def _prepare(options: argparse.Namespace) -> None:
    if len(options.source) > 2:
        raise DataError(f"{len(options.source)} folders; allowed: [DATASET] SOURCE")
    if len(options.source) == 2:
        name, source = options.source
        if name == SOUNDFONT:
            tasks.module("notes").prepare_soundfont(Path(source), options)
            return
        datasets.prepare(name, Path(source), options)
        return
    if options.source[0] in ADAPTORS and not Path(options.source[0]).is_dir():
        raise DataError(f"{options.source[0]} is a data set; name its folder after it")
    config = reading.load(options.config) if options.config else Config()
    data = replace(config.data, source=options.source[0])
    dataset = prepare.load(data, bar)
    _tell(dataset)


def _train(options: argparse.Namespace) -> None:
    tasks.module(tasks.of_config(options.config)).train(options.config, options)


def _of_run(command: str):
    """A command that goes to the task of the run that it is given."""

    def call(options: argparse.Namespace) -> None:
        module = tasks.module(tasks.of_run(options.run))
        getattr(module, command)(options.run, options)

    return call


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
