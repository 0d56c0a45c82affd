"""Checkpoints: every variable of a run and its configuration, in one npz file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import ConfigError
from training.run.config import from_json
from training.run.files import write_atomically

PATTERN = "step-*.npz"


@dataclass(frozen=True)
class Checkpoint:
    """What was read: the ``values`` of the learner's ``state()``, in its order."""

    config: Any
    values: list[np.ndarray]
    facts: dict


def save(run: Path, config, learner, facts: dict) -> Path:
    """Write the state of ``learner`` and some ``facts``; keep the newest few files.

    A learner has ``state()``, a list of variables in a fixed order, and ``steps``.
    """
    step = int(learner.steps.numpy())
    path = run / f"step-{step:08d}.npz"
    arrays = {f"v{i:05d}": np.asarray(v) for i, v in enumerate(learner.state())}
    meta = json.dumps({"config": config.to_json(), "facts": facts | {"step": step}})
    write_atomically(path, lambda file: np.savez(file, meta=np.array(meta), **arrays))
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
            "python -m training train CONFIG"
        )
    return found[-1]


def load(path: Path, read: Callable[[str, str], Any] = from_json) -> Checkpoint:
    """Read a checkpoint. Raises ConfigError if the file is not one.

    ``read`` makes the task's configuration of its JSON and the name of the file.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            meta = json.loads(str(stored["meta"]))
            names = sorted(n for n in stored.files if n != "meta")
            values = [stored[n] for n in names]
        return Checkpoint(read(meta["config"], str(path)), values, meta["facts"])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path}: not a checkpoint of a run: {error}") from None


def restore(learner, checkpoint: Checkpoint) -> None:
    """Put every value back. Raises ConfigError if the networks are not the same."""
    state = learner.state()
    shapes = [tuple(v.shape) for v in state]
    stored = [v.shape for v in checkpoint.values]
    if shapes != stored:
        raise ConfigError(
            f"the checkpoint holds {len(stored)} variables that do not fit the "
            f"{len(shapes)} of this configuration; resume with its own"
        )
    for variable, value in zip(state, checkpoint.values, strict=True):
        variable.assign(value)
