"""The classifier of sounds: what the shared run needs of it."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from training.errors import ConfigError
from training.run.bar import bar
from training.run.opened import FILE, Opened
from training.run.task import Exported, Progress, Task
from training.tasks.classify import batches, config, cross, learner, trained
from training.tasks.classify.dataset import Dataset, load


class Classify(Task):
    """From sounds with labels to probabilities of the labels."""

    Config = config.Config

    def data(self, config, progress: Progress = iter) -> Dataset:
        return load(config, progress)

    def steps(self, config, data) -> int:
        return config.training.epochs * learner.epoch_steps(config, data)

    def networks(self, config, facts):
        return trained.networks(config, facts)

    def learner(self, config, data, replicas=1) -> learner.Classifier:
        return learner.Classifier(config, data, replicas)

    def batches(self, config, data, start, size, worker=0) -> tf.data.Dataset:
        return batches.dataset(config, data.training_sounds(), start, size, worker)

    def parts(self, config):
        return cross.configs(config)

    def sample(self, run: Opened, out: Path, each: int) -> str:
        from training.tasks.classify import listen

        count = listen.write(run.config, out, each)
        return f"{count} augmented windows in {out}"

    def evaluate(self, run: Opened, out: Path, seeds: int) -> str:
        from training.tasks.classify import evaluate

        _refuse_checkpoint(run)
        return evaluate.text(evaluate.evaluate(run.config, out, bar))

    def export(self, run: Opened, metrics: Path | None) -> list[Exported]:
        from training.tasks.classify.export import exported

        _refuse_checkpoint(run)
        return [exported(run.config, metrics)]


def _refuse_checkpoint(run: Opened) -> None:
    """All folds are judged together, each by its newest checkpoint."""
    if run.path.is_file():
        raise ConfigError(
            f"{run.path}: a checkpoint; give the folder that `train` was given, with "
            f"{FILE} in it"
        )


TASK = Classify()
