"""Which task a configuration or a run is of, and the module that handles it.

A configuration names it by the top-level key ``task``; a run remembers it in its
folder. Each module has ``train(path, options)`` and, of a run's folder or one of its
checkpoints, ``resume``, ``sample``, ``evaluate`` and ``export(run, options)``.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from training.errors import ConfigError
from training.run import config as reading
from training.run.files import write_atomically

DEFAULT = "generator"
MODULES = {
    "generator": "training.tasks.wavegan.commands",
    "classifier": "training.tasks.classify.commands",
    "notes": "training.tasks.notes.commands",
    "wavenet": "training.tasks.wavenet.commands",
}
FILE = "task.txt"  # In a run's folder; runs from before there were tasks have none.


def module(task: str) -> ModuleType:
    """The module of a task, imported only now: each brings its own stack."""
    return importlib.import_module(MODULES[task])


def of_config(path: Path) -> str:
    """The task that a TOML file is for. Raises ConfigError."""
    return _checked(reading.mapping(path).get("task", DEFAULT), f"{path}: task")


def of_run(run: Path) -> str:
    """The task of a run's folder, or of a checkpoint in it."""
    stored = (run if run.is_dir() else run.parent) / FILE
    if not stored.is_file():
        return DEFAULT
    return _checked(stored.read_text("utf-8").strip(), str(stored))


def remember(run: Path, task: str) -> None:
    """Write down in a run's folder whose run it is."""
    write_atomically(run / FILE, lambda file: file.write(f"{task}\n".encode()))


def _checked(task: object, name: str) -> str:
    if task not in MODULES:
        raise ConfigError(f"{name} is {task!r}; allowed: {', '.join(MODULES)}")
    return task
