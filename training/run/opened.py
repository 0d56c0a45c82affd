"""A run's folder opened for the commands that come after its training."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from training.run import checkpoint, overrides
from training.run.bar import bar
from training.run.config import Config
from training.run.files import write_atomically
from training.run.part import Part
from training.run.task import Data, Task

FILE = "config.json"


@dataclass(frozen=True)
class Opened:
    """A run of a task: the ``path`` it was given by, and its configuration."""

    task: Task
    path: Path
    config: Config

    @property
    def folder(self) -> Path:
        """The run's folder, if a checkpoint in it was given, too."""
        return self.path if self.path.is_dir() else self.path.parent

    def parts(self) -> list[Part]:
        """The runs in it."""
        return [Part(config) for config in self.task.parts(self.config)]

    def data(self) -> Data:
        """The sounds that it was trained on."""
        return self.task.data(self.config, bar)

    def trained(self):
        """What it has learned, or what the given checkpoint holds."""
        from training.run.trained import load

        return load(self.path, self.task.Config, self.task.networks, self.config)


def open_run(task: Task, path: Path, pairs: Iterable[str] = ()) -> Opened:
    """The run in a folder, or of one checkpoint, some fields changed by ``pairs``.

    The configuration is the folder's ``config.json``; a moved folder is its new self.
    """
    stored = path / FILE
    if stored.is_file():
        table, source = json.loads(stored.read_text("utf-8")), str(stored)
    else:
        source = str(checkpoint.latest(path))
        table = json.loads(checkpoint.load(Path(source), task.Config).config.to_json())
    table = overrides.applied(task.Config, table, pairs)
    config = task.Config.from_mapping(table, source)
    folder = path if path.is_dir() else path.parent
    return Opened(task, path, replace(config, output=_moved(config.output, folder)))


def keep(config: Config) -> None:
    """Write the configuration into the run's folder, for the commands that follow."""
    path = Path(config.output.run) / FILE
    write_atomically(path, lambda file: file.write(config.to_json().encode()))


def _moved(output, folder: Path):
    return replace(output, run=str(folder))
