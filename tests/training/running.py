"""Runs as the commands open them, for the tests."""

from pathlib import Path

from training.run import loop
from training.run.config import Config
from training.run.opened import Opened
from training.run.part import Part
from training.run.task import Task


def start(task: Task, config: Config, checkpoint: Path | None = None) -> loop.Run:
    """A fresh run, or one that goes on from a checkpoint or a run's folder."""
    return loop.start(task, Part(config), checkpoint_file=checkpoint)


def opened(task: Task, run: loop.Run) -> Opened:
    """The folder of a run that has ended."""
    return Opened(task, run.folder, run.config)
