"""Notes: what the shared run needs of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from training.data import numbered
from training.errors import DataError
from training.run import sheet
from training.run.opened import Opened
from training.run.task import Exported, Progress, Task
from training.tasks.notes import config, features, learner, network, synth
from training.tasks.notes.batches import Draw
from training.tasks.notes.form import RATE
from training.tasks.notes.sample import Trained, lines

COLUMNS = 10  # of the sheet


class PlayNotes(Task):
    """From recorded notes to an instrument with a map of timbres."""

    Config = config.Config
    files = {"encoder": ".encoder"}
    made_of = "notes"

    def data(self, config, progress: Progress = iter) -> features.Notes:
        source, cache = Path(config.data.source), Path(config.data.cache)
        notes = features.load(source, cache, progress)
        if not len(notes.rows("train")):
            raise DataError(f"{source}: no notes in its train split")
        return notes

    def networks(self, config, facts):
        return network.named(config.model)

    def learner(self, config, data, replicas=1) -> learner.NotesLearner:
        return learner.NotesLearner(config, data, replicas)

    def batches(self, config, data, start, size, worker=0) -> tf.data.Dataset:
        draw = Draw(learner.Table.of(data), config)
        return numbered.of_arrays(start, lambda n: (draw.batch(n, size, worker),))

    def sample(self, run: Opened, out: Path, each: int) -> str:
        labels, audio, middle = lines(Trained.of(run.trained()), run.data(), each)
        sheet.write_sounds(out, audio, labels, RATE)
        names = [labels[i] for i in middle]
        sheet.write_sheet(out / "sheet.png", audio[middle], names, RATE, COLUMNS)
        return f"{len(names)} instruments in {out}"

    def evaluate(self, run: Opened, out: Path, seeds: int) -> str:
        from training.tasks.notes import evaluate, page

        trained, notes = Trained.of(run.trained()), run.data()
        result, sets = evaluate.evaluate(trained, notes)
        evaluate.write(result, out / "metrics.json")
        page.write(out, result, sets, notes)
        return evaluate.table(result)

    def export(self, run: Opened, metrics: Path | None) -> list[Exported]:
        from training.tasks.notes.export import exported

        return exported(Trained.of(run.trained()), run.data(), metrics)

    def one_sound(self, config) -> Callable[[], object]:
        """One hop is what it makes at a time."""
        model = config.model
        _, decoder = network.build(model)
        one = tf.ones([1, 1])
        noise = tf.zeros([1, synth.noise_size(model.hop)])
        inputs = 60.0 * one, one, one, tf.zeros([1, model.timbre]), noise
        state = synth.zero_state(model.hop, 1)
        hop = tf.function(
            lambda *x: synth.step(decoder, model.hop, *x, state)[0], autograph=False
        )
        return lambda: hop(*inputs).numpy()


TASK = PlayNotes()
