"""The training run: steps, checkpoints, samples to listen to, a bar with time left."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from training.data import prepare
from training.data.sounds import licence_summary
from training.errors import ConfigError
from training.run import checkpoint, runtime, sheet
from training.run.board import Board
from training.run.clock import Clock
from training.run.interrupt import Interrupt
from training.tasks.wavegan import batches
from training.tasks.wavegan.config import Config
from training.tasks.wavegan.learner import Gan, parameters

REPORT_EVERY = 25  # steps
PRIOR_EVERY = 250  # steps
SAMPLES_PER_CLASS = 8
SHEET_COLUMNS = 8
SAMPLE_SEED = 12_345


class Run:
    """One training run on this machine; `train` may be called again to go on."""

    def __init__(self, config: Config, sounds: prepare.Dataset):
        self.config, self.sounds = config, sounds
        self.folder = Path(config.output.run)
        self.strategy = runtime.prepare_machine(config)
        self.replicas = self.strategy.num_replicas_in_sync
        if config.training.batch % self.replicas:
            raise ConfigError(
                f"training.batch is {config.training.batch}; allowed: a multiple of "
                f"the {self.replicas} replicas"
            )
        class_count = len(sounds.labels) if config.model.conditional else 1
        with self.strategy.scope():
            self.gan = Gan(config, class_count, self.replicas)
        self.minutes = 0.0
        self.losses: dict[str, float] = {}
        self._functions = {
            "warmup": self._function(self.gan.warmup_step),
            "plain": self._function(partial(self.gan.step, penalise=False)),
            "penalised": self._function(partial(self.gan.step, penalise=True)),
        }

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint, exactly where it was."""
        stored = checkpoint.load(checkpoint.latest(path))
        if stored.facts.get("data") != self.sounds.digest:
            raise ConfigError(
                f"{path}: made with other sounds than {self.config.data.source} holds "
                "now; resume needs the same files"
            )
        checkpoint.restore(self.gan, stored)
        self.minutes = stored.facts["minutes"]

    def train(self, steps: int | None = None) -> bool:
        """Train to ``steps`` (default: the configuration's) or until time is up.

        Gives False if a signal ended it before; the state is saved either way.
        """
        steps = steps or self.config.training.steps
        self.folder.mkdir(parents=True, exist_ok=True)
        board = Board(self.folder / "board")
        bar = tqdm(total=steps, initial=self.step, unit="step", smoothing=0.02)
        bar.write(board.note)
        clock = Clock(self)
        with Interrupt() as interrupt, bar:
            for batch in self._batches():
                self._fit_prior()
                if self.step >= steps or clock.over() or interrupt.asked:
                    break
                self._one_step(batch)
                bar.update()
                self._report(bar, board, clock)
            self.save()
        if not interrupt.asked:
            self.write_samples(board)
        return not interrupt.asked

    @property
    def step(self) -> int:
        """Steps done so far."""
        return int(self.gan.steps.numpy())

    def save(self) -> None:
        """Write a checkpoint, on the chief only."""
        if runtime.is_chief(self.strategy):
            checkpoint.save(self.folder, self.config, self.gan, self._facts())

    def _facts(self) -> dict:
        clips = [c for c in self.sounds.clips if c.split == "train"]
        return {
            "minutes": round(self.minutes, 3),
            "data": self.sounds.digest,
            "clips": len(clips),
            "groups": len({c.group for c in clips}),
            "licences": licence_summary(clips),
            "parameters": parameters(self.gan.generator),
        }

    def write_samples(self, board: Board) -> None:
        """Write sounds of each class, their sheet, and the same to TensorBoard."""
        if not runtime.is_chief(self.strategy):
            return
        audio, names = samples(self.gan, self.config, self.sounds.labels)
        rate = self.config.data.sample_rate
        folder = self.folder / f"samples-{self.step:08d}"
        sheet.write_sounds(folder, audio, names, rate)
        sheet.write_sheet(folder / "sheet.png", audio, names, rate, SHEET_COLUMNS)
        board.sounds(audio, names, rate, self.step)

    def _batches(self):
        make = partial(batches.dataset, self.config, self.sounds)
        return runtime.shares(self.config, self.strategy, self.step, make)

    def _one_step(self, batch: tuple) -> None:
        mode = self._mode(self.step)
        report = self._functions[mode](*batch)
        if mode != "penalised":
            report.pop("penalty")
        if self.step % REPORT_EVERY == 0 or mode == "penalised":
            self.losses |= {name: float(value) for name, value in report.items()}

    def _mode(self, step: int) -> str:
        training = self.config.training
        if step < training.warmup_steps:
            return "warmup"
        return "plain" if step % training.penalty_every else "penalised"

    def _function(self, replica_step):
        def after(mean):
            self.gan.after_step(mean["overfit"])

        return runtime.replicated(self.config, self.strategy, replica_step, after)

    def _fit_prior(self) -> None:
        """At fixed steps, so that a resumed run does it when an unbroken one does."""
        if self.gan.generator.prior is None or self.step % PRIOR_EVERY:
            return
        rows = self.sounds.rows("train", augmented=True)
        classes = self.sounds.classes()[rows]
        one_hot = batches.one_hot_classes(classes, self.config, self.sounds)
        self.gan.fit_prior(self.sounds.floats(rows), one_hot)

    def _report(self, bar: tqdm, board: Board, clock: Clock) -> None:
        """What is due after a step: figures, sounds, a checkpoint."""
        if self.step % REPORT_EVERY == 0:
            bar.set_postfix_str(self._line(clock))
            board.scalars(self.losses, self.step)
        if clock.due("samples", self.config.output.sample_minutes):
            self.write_samples(board)
        if clock.due("checkpoint", self.config.output.checkpoint_minutes):
            self.save()

    def _line(self, clock: Clock) -> str:
        shown = ["critic_loss", "generator_loss"]
        if self.gan.encoder:
            shown += ["reconstruction", "divergence"]
        parts = [f"{n.split('_')[0]} {self.losses[n]:.2f}" for n in shown]
        parts.append(f"augment {float(self.gan.chance.numpy()):.2f}")
        return ", ".join([*parts, *clock.left()])


def samples(
    gan: Gan, config: Config, labels: tuple[str, ...], each: int = SAMPLES_PER_CLASS
) -> tuple[np.ndarray, list[str]]:
    """``each`` sounds of every class and their names, always from the same latents."""
    if not config.model.conditional:
        labels = (config.model.name,)
    classes = np.repeat(np.eye(gan.class_count, dtype=np.float32), each, axis=0)
    names = [label for label in labels for _ in range(each)]
    return gan.sample(classes, SAMPLE_SEED), names


def start(config: Config, resume: Path | None = None) -> Run:
    """Prepare the sounds and a run, from a checkpoint if one is given."""
    sounds = prepare.load(config.data, lambda x: tqdm(x, desc="prepare", unit="file"))
    for skipped in sounds.skipped:
        tqdm.write(f"skipped {skipped}")
    run = Run(config, sounds)
    if resume is not None:
        run.resume(resume)
    return run
