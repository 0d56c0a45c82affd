"""Which task a configuration or a run is of. A new task is one line here.

A configuration names it by the top-level key ``task``, a run by a file in its folder.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from training.errors import ConfigError
from training.run.config import KEY, mapping
from training.run.files import write_atomically
from training.run.task import Task

DEFAULT = "generator"
TASKS = {  # Imported only when asked for: each brings its own stack.
    "generator": "training.tasks.wavegan.task",
    "classifier": "training.tasks.classify.task",
    "notes": "training.tasks.notes.task",
    "wavenet": "training.tasks.wavenet.task",
}
FILE = "task.txt"  # In a run's folder; runs from before there were tasks have none.


def task(name: str) -> Task:
    """The task of a name."""
    return importlib.import_module(TASKS[name]).TASK


def of_config(path: Path) -> str:
    """The task that a TOML file is for. Raises ConfigError."""
    return _checked(mapping(path).get(KEY, DEFAULT), f"{path}: task")


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
    if task not in TASKS:
        raise ConfigError(f"{name} is {task!r}; allowed: {', '.join(TASKS)}")
    return task
