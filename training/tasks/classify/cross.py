"""The runs of one configuration: a single one, or one for each fold left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from training.run.part import Part
from training.tasks.classify import parts
from training.tasks.classify.config import Config
from training.tasks.classify.dataset import read_manifest


def runs(config: Config) -> list[Part]:
    """What a configuration asks for; folds have folders below the run's."""
    return [Part(one) for one in configs(config)]


def configs(config: Config) -> list[Config]:
    """The same as configurations; a fold that is named is the only one."""
    folds = parts.runs(read_manifest(config), config.data)
    if folds == (0,) or config.data.fold:
        return [config]
    return [_of_fold(config, fold) for fold in folds]


def _of_fold(config: Config, fold: int) -> Config:
    run = Path(config.output.run) / f"fold-{fold}"
    return replace(
        config,
        data=replace(config.data, fold=fold),
        output=replace(config.output, run=str(run)),
    )
