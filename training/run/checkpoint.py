"""Checkpoints: every variable of a run by its name, in one npz file."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.errors import ConfigError
from training.run.config import Config
from training.run.files import write_atomically

PATTERN = "step-*.npz"
META = "meta"
SHOWN = 3  # names in an error


@dataclass(frozen=True)
class Checkpoint:
    """What was read: the configuration, ``values`` by name, facts of the run."""

    config: Config
    values: dict[str, np.ndarray]
    facts: dict


def save(run: Path, config: Config, learner, facts: dict) -> Path:
    """Write the state of ``learner`` and some ``facts``; keep the newest few files.

    A learner has ``state()``, its variables by name, and ``steps``.
    """
    step = int(learner.steps.numpy())
    path = run / f"step-{step:08d}.npz"
    arrays = {name: np.asarray(v) for name, v in learner.state().items()}
    text = json.dumps({"config": config.to_json(), "facts": facts | {"step": step}})
    meta = {META: np.array(text)}
    write_atomically(path, lambda file: np.savez(file, **meta, **arrays))
    for old in sorted(run.glob(PATTERN))[: -config.output.keep]:
        old.unlink()
    return path


def latest(run: Path) -> Path:
    """The newest checkpoint of a run folder, or the file itself if one is given."""
    if run.is_file():
        return run
    found = sorted(run.glob(PATTERN))
    if not found:
        raise ConfigError(
            f"{run}: no checkpoint {PATTERN} in it; train first: "
            "python -m training train CONFIG, and give the folder that `train` was "
            "given"
        )
    return found[-1]


def load(path: Path, kind: type[Config]) -> Checkpoint:
    """Read a checkpoint of a task's configuration ``kind``.

    Raises ConfigError if the file is not one.
    """
    meta, values = _read(path)
    return Checkpoint(kind.from_json(meta["config"], str(path)), values, meta["facts"])


def facts(path: Path) -> dict:
    """The facts of a checkpoint alone, quickly."""
    return _read(path, values=False)[0]["facts"]


def restore(learner, checkpoint: Checkpoint) -> None:
    """Put every value back. Raises ConfigError if the networks are not the same."""
    state, stored = learner.state(), checkpoint.values
    wrong = [
        name
        for name in [*state, *(n for n in stored if n not in state)]
        if name not in state
        or name not in stored
        or tuple(state[name].shape) != stored[name].shape
    ]
    if wrong:
        named = ", ".join(wrong[:SHOWN]) + (", …" if len(wrong) > SHOWN else "")
        raise ConfigError(
            f"the checkpoint holds {len(stored)} variables that do not fit the "
            f"{len(state)} of this configuration ({named}); resume with its own"
        )
    for name, variable in state.items():
        variable.assign(stored[name])


def _read(path: Path, values: bool = True) -> tuple[dict, dict[str, np.ndarray]]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            meta = json.loads(str(stored[META]))
            names = [n for n in stored.files if n != META] if values else []
            if not {"config", "facts"} <= set(meta):
                raise ValueError("no configuration in it")
            return meta, {n: stored[n] for n in names}
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path}: not a checkpoint of a run: {error}") from None
