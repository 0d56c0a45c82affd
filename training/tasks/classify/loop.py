"""The training run of one classifier: steps, checkpoints, learning curves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from training.errors import ConfigError
from training.run import checkpoint, runtime
from training.run.board import Board
from training.run.clock import Clock
from training.run.interrupt import Interrupt
from training.tasks.classify import batches, windows
from training.tasks.classify.calibrate import cross_entropy, softmax
from training.tasks.classify.config import Config, from_json
from training.tasks.classify.cross import Part
from training.tasks.classify.learner import Learner, parameters
from training.tasks.classify.task import Task, load

REPORT_EVERY = 10  # steps


class Run:
    """One training run on this machine; `train` may be called again to go on."""

    def __init__(self, config: Config, task: Task):
        self.config, self.task = config, task
        self.folder = Path(config.output.run)
        self.strategy = runtime.prepare_machine(config)
        self.replicas = self.strategy.num_replicas_in_sync
        batch = config.training.batch
        if batch % self.replicas:
            raise ConfigError(
                f"training.batch is {batch}; allowed: a multiple of the "
                f"{self.replicas} replicas"
            )
        self.sounds = task.training_sounds()
        self.epoch_steps = -(-len(self.sounds.rows) // batch)
        with self.strategy.scope():
            self.learner = Learner(
                config, task.class_weights(), self.epoch_steps, self.replicas
            )
        self.minutes = 0.0
        self.history: list[dict[str, float]] = []
        self.recent: list[tuple[float, float]] = []
        self._step = runtime.replicated(
            config, self.strategy, self.learner.step, self._after_step
        )

    @property
    def step(self) -> int:
        """Steps done so far."""
        return int(self.learner.steps.numpy())

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.config.training.epochs * self.epoch_steps

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint, exactly where it was."""
        stored = checkpoint.load(checkpoint.latest(path), from_json)
        if stored.facts.get("data") != self.task.digest:
            raise ConfigError(
                f"{path}: made with other sounds or parts than "
                f"{self.config.data.manifest} gives now; resume needs the same"
            )
        checkpoint.restore(self.learner, stored)
        self.minutes = stored.facts["minutes"]
        self.history = stored.facts["history"]
        self.recent = [tuple(pair) for pair in stored.facts["recent"]]

    def begin_as(self, folder: Path) -> None:
        """Take over the averaged network of another run, all but its last layer."""
        stored = checkpoint.load(checkpoint.latest(folder), from_json)
        self.learner.begin_with(stored.values, str(folder))

    def train(self) -> bool:
        """Train to the last epoch or until time is up.

        Gives False if a signal ended it before; the state is saved either way.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        board = Board(self.folder / "board")
        bar = tqdm(total=self.steps, initial=self.step, unit="step", smoothing=0.02)
        clock = Clock(self)
        with Interrupt() as interrupt, bar:
            for batch in self._batches():
                if self.step >= self.steps or clock.over() or interrupt.asked:
                    break
                report = self._step(*batch)
                self.recent.append(tuple(float(v) for v in report.values()))
                bar.update()
                self._report(bar, board, clock)
            self.save(done=not interrupt.asked)
        return not interrupt.asked

    def save(self, done: bool = False) -> None:
        """Write a checkpoint, on the chief only."""
        if runtime.is_chief(self.strategy):
            facts = self._facts() | {"done": done}
            checkpoint.save(self.folder, self.config, self.learner, facts)

    def score(self, part: str) -> dict[str, float]:
        """Accuracy and loss of the averaged network on the clips of a part."""
        rows = self.task.rows(part)
        cut = windows.cut(self.task.clips, rows, self.config.data.frames)
        found = self.learner.scorer(cut.floats())
        truth = self.task.classes[rows]
        right = windows.per_clip(softmax(found), cut).argmax(1) == truth
        loss = cross_entropy(found, truth[cut.clip])
        return {"accuracy": float(right.mean()), "loss": loss}

    def _facts(self) -> dict:
        entries = self.task.entries("train")
        return {
            "minutes": round(self.minutes, 3),
            "data": self.task.digest,
            "run": self.task.run,
            "epochs": self.config.training.epochs,
            "labels": self.task.labels,
            "clips": len(entries),
            "groups": len({e.group or e.path for e in entries}),
            "licences": self.task.licences(),
            "parameters": parameters(self.learner.network),
            "history": self.history,
            "recent": self.recent,
        }

    def _report(self, bar: tqdm, board: Board, clock: Clock) -> None:
        """What is due after a step: the bar, the learning curves, a checkpoint."""
        epoch, rest = divmod(self.step, self.epoch_steps)
        if self.step % REPORT_EVERY == 0:
            bar.set_postfix_str(self._line(clock))
        last = self.step == self.steps
        if last or (rest == 0 and epoch % self.config.output.valid_every == 0):
            self._record(board, epoch)
        if clock.due("checkpoint", self.config.output.checkpoint_minutes):
            self.save()

    def _record(self, board: Board, epoch: int) -> None:
        """A point of the learning curves: training since the last one, and valid."""
        loss, accuracy = np.mean(self.recent, axis=0)
        point = {"epoch": epoch, "loss": float(loss), "accuracy": float(accuracy)}
        if len(self.task.rows("valid")):
            point |= {f"valid_{k}": v for k, v in self.score("valid").items()}
        self.recent.clear()
        self.history.append(point)
        board.scalars(point, self.step)

    def _line(self, clock: Clock) -> str:
        loss, accuracy = np.mean(self.recent[-REPORT_EVERY:] or [(0, 0)], axis=0)
        shown = [f"loss {loss:.2f}", f"mixtures {accuracy:.2f}"]
        if self.history and "valid_accuracy" in self.history[-1]:
            shown.append(f"valid {self.history[-1]['valid_accuracy']:.3f}")
        return ", ".join([*shown, *clock.left()])

    def _after_step(self, _mean: dict[str, tf.Tensor]) -> None:
        self.learner.after_step()

    def _batches(self):
        make = partial(batches.dataset, self.config, self.sounds)
        return runtime.shares(self.config, self.strategy, self.step, make)


def start(part: Part, fresh: bool, progress: Callable = iter) -> Run:
    """Prepare the sounds and a run; unless ``fresh``, from its newest checkpoint."""
    task = load(part.config, part.fold, progress)
    for problem in task.clips.problems:
        tqdm.write(f"skipped {problem}")
    run = Run(part.config, task)
    if not fresh and part.started():
        run.resume(part.folder)
    elif part.config.model.start:
        run.begin_as(Path(part.config.model.start))
    return run
