"""The training run: steps, checkpoints, learning curves, pairs to listen to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from training.errors import ConfigError, DataError
from training.run import checkpoint, sheet
from training.run.bar import bar
from training.run.board import Board
from training.run.clock import Clock
from training.run.interrupt import Interrupt
from training.tasks.notes import features, reading
from training.tasks.notes.batches import Draw, Table
from training.tasks.notes.config import Config
from training.tasks.notes.features import Notes, read_note
from training.tasks.notes.form import HELD_SECONDS, RATE, SECONDS, grid
from training.tasks.notes.learner import Learner, parameters
from training.tasks.notes.synth import render

REPORT_EVERY = 50  # steps
JUDGE_EVERY = 500  # steps
JUDGED = 256  # notes
PAIRS = 8
AHEAD = 4  # batches made while another is trained on


class Run:
    """One training run on this machine; `train` may be called again to go on."""

    def __init__(self, config: Config, notes: Notes):
        self.config, self.notes = config, notes
        self.folder = Path(config.output.run)
        if config.training.threads:
            tf.config.threading.set_intra_op_parallelism_threads(
                config.training.threads
            )
        rows = notes.rows("train")
        if not len(rows):
            raise DataError(f"{config.data.source}: no notes in its train split")
        self.table = Table.of(notes)
        self.draw = Draw(self.table, config.training, rows)
        self.learner = Learner(config)
        self.minutes = 0.0
        self.history: list[dict[str, float]] = []
        self._step = tf.function(self.learner.step, autograph=False)
        self._judge = tf.function(self.learner.judge, autograph=False)

    @property
    def step(self) -> int:
        """Steps done so far."""
        return int(self.learner.steps.numpy())

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint, exactly where it was."""
        stored = checkpoint.load(checkpoint.latest(path), reading.from_json)
        if stored.facts.get("data") != self.notes.digest:
            raise ConfigError(
                f"{path}: made with other notes than {self.config.data.source} holds "
                "now; resume needs the same files"
            )
        checkpoint.restore(self.learner, stored)
        self.minutes = stored.facts["minutes"]
        self.history = stored.facts["history"]

    def train(self) -> bool:
        """Train to the last step or until time is up.

        Gives False if a signal ended it before; the state is saved either way.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        board = Board(self.folder / "board")
        steps = self.config.training.steps
        progress = tqdm(total=steps, initial=self.step, unit="step", smoothing=0.02)
        progress.write(board.note)
        clock = Clock(self)
        with Interrupt() as interrupt, progress:
            for batch in self._batches():
                if self.step >= steps or clock.over() or interrupt.asked:
                    break
                losses = self._step(batch)
                progress.update()
                self._report(progress, board, clock, losses)
            self.save()
        if not interrupt.asked:
            self.write_pairs(board)
        return not interrupt.asked

    def save(self) -> None:
        """Write a checkpoint."""
        checkpoint.save(self.folder, self.config, self.learner, self._facts())

    def write_pairs(self, board: Board) -> None:
        """Real notes and what becomes of them: wavs, their sheet, and TensorBoard."""
        names, audio = pairs(self)
        folder = self.folder / f"pairs-{self.step:08d}"
        sheet.write_sounds(folder, audio, names, RATE)
        sheet.write_sheet(folder / "sheet.png", audio, names, RATE, 2)
        board.sounds(audio, names, RATE, self.step)

    def _facts(self) -> dict:
        rows = self.notes.rows("train")
        used = [self.notes.notes[i] for i in rows]
        return {
            "minutes": round(self.minutes, 3),
            "data": self.notes.digest,
            "notes": len(rows),
            "instruments": len({n.instrument for n in used}),
            "groups": len({n.group for n in used}),
            "parameters": {
                "encoder": parameters(self.learner.encoder),
                "decoder": parameters(self.learner.decoder),
            },
            "history": self.history,
        }

    def _batches(self):
        """The batches from the next step on, made beside the training."""
        first = self.draw.batch(self.step)
        signature = {k: tf.TensorSpec(v.shape, tf.float32) for k, v in first.items()}

        def generate(step):
            while True:
                yield self.draw.batch(int(step))
                step += 1

        made = tf.data.Dataset.from_generator(
            generate, output_signature=signature, args=(self.step,)
        )
        return iter(made.prefetch(AHEAD))

    def _report(self, progress: tqdm, board: Board, clock: Clock, losses) -> None:
        """What is due after a step: figures, pairs of sounds, a checkpoint."""
        step = self.step
        if step % REPORT_EVERY == 0:
            values = {k: float(v) for k, v in losses.items()}
            progress.set_postfix_str(_line(values, clock))
            board.scalars(values, step)
        if step % JUDGE_EVERY == 0:
            self._record(board)
        if clock.due("pairs", self.config.output.sample_minutes):
            self.write_pairs(board)
        if clock.due("checkpoint", self.config.output.checkpoint_minutes):
            self.save()

    def _record(self, board: Board) -> None:
        """A point of the learning curves, on the same notes every time."""
        point = {"step": float(self.step)}
        for split in ("train", "valid", "test"):
            rows = self.notes.rows(split)
            if len(rows):
                chosen = rows[:: max(1, len(rows) // JUDGED)][:JUDGED]
                every = np.arange(0, len(grid()), 4)
                moments = np.tile(every, (len(chosen), 1))
                batch = self.table.batch(chosen, chosen, moments)
                found = self._judge({k: tf.constant(v) for k, v in batch.items()})
                point[f"{split}_partials"] = float(found["partials"])
                point[f"{split}_noise"] = float(found["noise"])
        self.history.append(point)
        board.scalars(point, self.step)


def pairs(run: Run) -> tuple[list[str], np.ndarray]:
    """Some held-out notes, each followed by what encoder and decoder make of it."""
    notes = run.notes
    rows = np.r_[notes.rows("valid"), notes.rows("test")]
    if not len(rows):
        rows = notes.rows("train")
    chosen = rows[:: max(1, len(rows) // PAIRS)][:PAIRS]
    moments = np.zeros((len(chosen), 1), int)
    batch = run.table.batch(chosen, chosen, moments)
    encoder, decoder = run.learner.average
    seen = batch["mel"], batch["encoded_pitch"], batch["encoded_velocity"]
    timbre, _ = encoder(*(tf.constant(x) for x in seen))
    made = render(
        decoder,
        run.config.model.hop,
        batch["pitch"][:, 0],
        batch["velocity"][:, 0],
        timbre.numpy(),
        HELD_SECONDS,
        SECONDS,
    )
    audio, names = [], []
    for i, sound in zip(chosen, made, strict=True):
        note = notes.notes[i]
        gain = 10 ** (notes.gain_db[i] / 20)
        audio += [gain * read_note(Path(run.config.data.source), note), sound]
        label = f"{note.name.replace('/', '-')} {note.pitch} {note.velocity}"
        names += [f"{label} real", f"{label} decoded"]
    length = min(len(a) for a in audio)
    return names, np.stack([a[:length] for a in audio]).astype(np.float32)


def start(config: Config, resume: Path | None = None) -> Run:
    """Prepare the notes and a run, from a checkpoint if one is given."""
    notes = features.load(Path(config.data.source), Path(config.data.cache), bar)
    run = Run(config, notes)
    if resume is not None:
        run.resume(resume)
    return run


def _line(values: dict[str, float], clock: Clock) -> str:
    shown = ("partials", "noise", "loudness", "prior", "ratios", "wander", "fade")
    return ", ".join([*(f"{n} {values[n]:.2f}" for n in shown), *clock.left()])
