"""The runs of one configuration: a single one, or one for each fold left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from training.errors import ConfigError
from training.run import checkpoint
from training.run.files import write_atomically
from training.tasks.classify import parts
from training.tasks.classify.config import Config, from_json
from training.tasks.classify.task import read_manifest

CONFIG = "config.json"


@dataclass(frozen=True)
class Part:
    """One run: its ``config`` with its own folder, and the ``fold`` it leaves out."""

    config: Config
    fold: int

    @property
    def folder(self) -> Path:
        """Where its checkpoints are."""
        return Path(self.config.output.run)

    def started(self) -> bool:
        """Whether it has a checkpoint."""
        return any(self.folder.glob(checkpoint.PATTERN))

    def finished(self) -> bool:
        """Whether its newest checkpoint was written at the end of the run."""
        if not self.started():
            return False
        stored = checkpoint.load(checkpoint.latest(self.folder), from_json)
        return (
            bool(stored.facts["done"])
            and stored.facts["epochs"] >= self.config.training.epochs
        )


def runs(config: Config) -> list[Part]:
    """What a configuration asks for; folds have folders below the run's."""
    folds = parts.runs(read_manifest(config), config.data)
    if folds == (0,):
        return [Part(config, 0)]
    folder = Path(config.output.run)
    return [
        Part(
            replace(
                config, output=replace(config.output, run=str(folder / f"fold-{k}"))
            ),
            k,
        )
        for k in folds
    ]


def write_config(config: Config) -> None:
    """Keep the configuration in the run's folder, for the commands that come later."""
    path = Path(config.output.run) / CONFIG
    write_atomically(path, lambda file: file.write(config.to_json().encode()))


def read_config(run: Path) -> Config:
    """The configuration of a run's folder; a moved folder is its new self."""
    path = run / CONFIG
    if not path.is_file():
        raise ConfigError(
            f"{run}: no {CONFIG} in it; give the folder that `train` was given"
        )
    config = from_json(path.read_text("utf-8"), str(path))
    return replace(config, output=replace(config.output, run=str(run)))
