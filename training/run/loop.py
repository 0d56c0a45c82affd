"""The training run, once for all tasks: steps, checkpoints, events, limits."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from training.errors import ConfigError
from training.run import checkpoint, initial, record, runtime, sheet
from training.run.board import Board, NoBoard
from training.run.clock import Clock
from training.run.common import ListenedOutput
from training.run.config import Config
from training.run.events import Events, NoEvents
from training.run.interrupt import Interrupt
from training.run.part import Part
from training.run.task import Data, Task

REPORT_EVERY = 25  # steps


class Run:
    """One training run on this machine; `train` may be called again to go on.

    Of several processes the chief alone writes. ``session`` is what to remember of the
    command, see `training.run.record`.
    """

    def __init__(
        self, task: Task, config: Config, data: Data, session: dict | None = None
    ):
        self.task, self.config, self.data = task, config, data
        self.session = session or {}
        self.folder = Path(config.output.run)
        self.strategy = runtime.prepare_machine(config)
        self.replicas = self.strategy.num_replicas_in_sync
        batch = config.training.batch
        if batch % self.replicas:
            raise ConfigError(
                f"training.batch is {batch}; allowed: a multiple of the "
                f"{self.replicas} replicas"
            )
        self.steps = task.steps(config, data)
        with self.strategy.scope():
            self.learner = task.learner(config, data, self.replicas)
        self.begun: initial.Begun | None = None
        self.minutes = 0.0
        self.history: list[dict[str, float]] = []
        self.losses: dict[str, float] = {}
        self.recent: dict[str, list] = {}  # reports since the last point of `history`
        # A run that is only saved, or not the chief's, tells nobody.
        self.board, self.events = NoBoard(), NoEvents()
        self._functions = {
            kind: runtime.replicated(
                config, self.strategy, step, self.learner.after_step
            )
            for kind, step in self.learner.kinds().items()
        }

    @property
    def step(self) -> int:
        """Steps done so far."""
        return int(self.learner.steps.numpy())

    @property
    def is_chief(self) -> bool:
        """Whether this process writes."""
        return runtime.is_chief(self.strategy)

    def begin(self) -> None:
        """Begin with the weights of ``training.init``, where one is given."""
        source = self.config.training.init
        if source:
            self.begun = initial.begin(self.task, self.learner, Path(source))

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint, exactly where it was."""
        stored = checkpoint.load(checkpoint.latest(path), self.task.Config)
        if stored.facts.get("data") != self.data.digest:
            raise ConfigError(
                f"{path}: made with other {self.task.made_of} than this configuration "
                f"gives now (digest {str(stored.facts.get('data'))[:12]}, now "
                f"{self.data.digest[:12]}); resume needs the same files and parts"
            )
        checkpoint.restore(self.learner, stored)
        self.minutes = stored.facts["minutes"]
        self.history = stored.facts["history"]
        self.recent = stored.facts["recent"]

    def train(self, steps: int | None = None) -> bool:
        """Train to ``steps`` (default: the configuration's) or until time is up.

        Gives False if a signal ended it before; the state is saved either way.
        """
        steps = steps or self.steps
        self.board, self.events = self._writers()
        bar = tqdm(total=steps, initial=self.step, unit="step", smoothing=0.02)
        bar.write(self.board.note)
        clock = Clock(self)
        try:
            with Interrupt() as interrupt, bar:
                for batch in self._batches():
                    self.learner.before(self.step)
                    if self.step >= steps or clock.over() or interrupt.asked:
                        break
                    self._one_step(batch)
                    bar.update()
                    self._report(bar, clock)
                self.save()
            if not interrupt.asked:
                self.write_samples()
            ended = "steps" if self.step >= steps else "time"
            ended = "signal" if interrupt.asked else ended
            self.events.tell("done", self.step, by=ended, minutes=self.minutes)
        except BaseException as error:
            self.events.tell(
                "error", self.step, error=f"{type(error).__name__}: {error}"
            )
            raise
        finally:
            self.events.close()
            self.events = NoEvents()
        return not interrupt.asked

    def save(self) -> None:
        """Write a checkpoint, on the chief only."""
        if not self.is_chief:
            return
        path = checkpoint.save(self.folder, self.config, self.learner, self._facts())
        self._tell("checkpoint", file=path.name, minutes=round(self.minutes, 3))

    def write_samples(self) -> None:
        """Write what the learner sounds like: files, their sheet, and TensorBoard."""
        heard = self.learner.listen() if self.is_chief else None
        if heard is None:
            return
        folder = self.folder / f"samples-{self.step:08d}"
        sheet.write_sounds(folder, heard.audio, heard.names, heard.rate)
        sheet.write_sheet(
            folder / "sheet.png", heard.audio, heard.names, heard.rate, heard.columns
        )
        self.board.sounds(heard.audio, heard.names, heard.rate, self.step)
        self._tell("samples", folder=folder.name, sounds=len(heard.audio))

    def _writers(self):
        """What a run is told to, its folder made and its session written down."""
        if not self.is_chief:
            return self.board, self.events
        self.folder.mkdir(parents=True, exist_ok=True)
        record.add(self.folder, self.config, self.data.digest, self.step, self.session)
        events = Events(self.folder)
        events.tell("start", self.step, steps=self.steps, data=self.data.digest)
        if self.begun is not None:
            events.tell("init", self.step, **vars(self.begun))
        return Board(self.folder / "board"), events

    def _tell(self, event: str, **facts) -> None:
        self.events.tell(event, self.step, **facts)

    def _facts(self) -> dict:
        own = {
            "minutes": round(self.minutes, 3),
            "data": self.data.digest,
            "goal": self.config.training.goal,
            "done": self.step >= self.steps,
            "history": self.history,
            "recent": {k: [float(v) for v in vs] for k, vs in self.recent.items()},
        }
        return self.data.facts() | self.learner.facts() | own

    def _batches(self) -> Iterator:
        make = partial(self.task.batches, self.config, self.data)
        return runtime.shares(self.config, self.strategy, self.step, make)

    def _one_step(self, batch: tuple) -> None:
        kind = self.learner.kind(self.step)
        for name, value in self._functions[kind](*batch).items():
            self.recent.setdefault(name, []).append(value)

    def _report(self, bar: tqdm, clock: Clock) -> None:
        """What is due after a step: figures, a point, sounds, a checkpoint."""
        step, output = self.step, self.config.output
        if step % REPORT_EVERY == 0 or step == self.steps:
            self.losses |= {k: float(v[-1]) for k, v in self.recent.items() if v}
            bar.set_postfix_str(self._line(clock))
            self.board.scalars(self.losses, step)
            self._tell("losses", minutes=round(self.minutes, 3), **self.losses)
        if step == self.steps or self.learner.judge_at(step):
            self._judge()
        sampled = isinstance(output, ListenedOutput)
        if sampled and clock.due("samples", output.sample_minutes):
            self.write_samples()
        if clock.due("checkpoint", output.checkpoint_minutes):
            self.save()

    def _judge(self) -> None:
        """A point of the learning curves: training since the last one, and held out."""
        reports = {k: [float(v) for v in vs] for k, vs in self.recent.items()}
        means = {k: float(np.mean(v)) for k, v in reports.items()}
        point = self.learner.judge(self.step, means)
        self.recent = {}
        self.history.append(point)
        self.board.scalars(point, self.step)
        self._tell("judged", **{k: v for k, v in point.items() if k != "step"})

    def _line(self, clock: Clock) -> str:
        shown = [f"{n.removesuffix('_loss')} {v:.2f}" for n, v in self.losses.items()]
        return ", ".join([*shown, *clock.left()])


def start(
    task: Task,
    part: Part,
    fresh: bool = True,
    checkpoint_file: Path | None = None,
    session: dict | None = None,
) -> Run:
    """Prepare the sounds and a run; unless ``fresh``, from its newest checkpoint.

    ``checkpoint_file`` is another one to go on from.
    """
    data = task.data(part.config, lambda x: tqdm(x, desc="prepare", leave=False))
    for problem in getattr(data, "problems", ()):
        tqdm.write(f"skipped {problem}")
    run = Run(task, part.config, data, session)
    if checkpoint_file is not None:
        run.resume(checkpoint_file)
    elif not fresh and part.started():
        run.resume(part.folder)
    else:
        run.begin()
        for line in run.begun.lines() if run.begun else ():
            tqdm.write(line)
    return run
