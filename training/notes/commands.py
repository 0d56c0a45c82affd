"""What each command does with a run of notes; see `training.tasks`."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from training import checkpoint, tasks
from training.notes import reading
from training.notes.config import Config


def train(path: Path, options: Namespace) -> None:
    """Train from a TOML file; ``options`` may name another source, folder, length."""
    config = reading.load(path)
    if options.source:
        config = replace(config, data=replace(config.data, source=options.source))
    if options.run:
        config = replace(config, output=replace(config.output, run=options.run))
    _run(_limited(config, options), None)


def resume(run: Path, options: Namespace) -> None:
    """Go on with a run from its newest checkpoint."""
    path = checkpoint.latest(run)
    config = checkpoint.load(path, reading.from_json).config
    _run(_limited(config, options), path)


def _run(config: Config, path: Path | None) -> None:
    from training.notes import loop

    run = loop.start(config, path)
    tasks.remember(run.folder, "notes")
    if not run.train():
        print(f"stopped; go on with: python -m training resume {run.folder}")


def _limited(config: Config, options: Namespace) -> Config:
    training = config.training
    if options.steps is not None:
        training = replace(training, steps=options.steps)
    if options.minutes is not None:
        training = replace(training, max_minutes=options.minutes)
    return replace(config, training=training)
