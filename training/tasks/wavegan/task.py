"""The generator of short sounds: what the shared run needs of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from training.data import prepare
from training.run import sheet
from training.run.bar import bar
from training.run.opened import Opened
from training.run.task import Exported, Progress, Task
from training.tasks.wavegan import batches, config, learner
from training.tasks.wavegan.sample import Trained, built, samples


class WaveGan(Task):
    """From a folder of sounds per class to sounds from random numbers."""

    Config = config.Config

    def data(self, config, progress: Progress = iter) -> prepare.Dataset:
        return prepare.load(config.data, progress)

    def networks(self, config, facts):
        return {"generator": built(config)}

    def learner(self, config, data, replicas=1) -> learner.Gan:
        return learner.Gan(config, data, replicas)

    def batches(self, config, data, start, size, worker=0) -> tf.data.Dataset:
        return batches.dataset(config, data, start, size, worker)

    def sample(self, run: Opened, out: Path, each: int) -> str:
        trained = Trained.of(run.trained())
        audio, names = samples(trained, each)
        rate = trained.config.data.sample_rate
        sheet.write_sounds(out, audio, names, rate)
        sheet.write_sheet(out / "sheet.png", audio, names, rate, each)
        return f"{len(audio)} sounds in {out}"

    def evaluate(self, run: Opened, out: Path, seeds: int) -> str:
        from training.tasks.wavegan import evaluate

        trained = Trained.of(run.trained())
        result = evaluate.evaluate(trained, run.data(), out, seeds, bar)
        return evaluate.table(result)

    def export(self, run: Opened, metrics: Path | None) -> list[Exported]:
        from training.tasks.wavegan.export import exported

        return [exported(Trained.of(run.trained()), metrics)]

    def one_sound(self, config) -> Callable[[], object]:
        classes = len(config.data.classes) if config.model.conditional else 1
        generator = tf.function(built(config))
        inputs = (
            tf.zeros([1, config.model.latent]),
            tf.ones([1, classes]) / classes,
        )
        return lambda: generator(*inputs).numpy()


TASK = WaveGan()
