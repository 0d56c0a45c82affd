"""TensorFlow as one more way to run a model: the network that it was exported from.

It runs in a process of its own, for nothing here imports TensorFlow.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from lab.child import Child
from lab.errors import BenchError
from rtaudio_dl.files.paths import config_folders
from rtaudio_dl.models.card import Card

_MAX_BYTES = 1 << 20


class TensorFlow:
    """The network of a model, run by TensorFlow on ``threads``; use it in ``with``.

    Raises BenchError where there is no TensorFlow, or no configuration of the model.
    """

    def __init__(self, card: Card, threads: int):
        if find_spec("tensorflow") is None or find_spec("training") is None:
            raise BenchError("it is not installed; pip install 'rtaudio-dl[train]'")
        config = training_config(card.name)
        if config is None:
            raise BenchError(f"no configuration has the model name {card.name!r}")
        self._child = Child("training.timing", str(config), str(threads))

    def run(self, count: int) -> np.ndarray:
        """Nanoseconds of each of ``count`` sounds, after one that is not counted."""
        return np.array(self._child.ask("run", count=count + 1)[1:], np.int64)

    def __enter__(self) -> Callable[[int], np.ndarray]:
        self._child.start()
        return self.run

    def __exit__(self, *_error: object) -> None:
        self._child.close()


def training_config(model: str) -> Path | None:
    """The configuration that trains a model of this name, if there is one."""
    for folder in config_folders():
        for path in sorted(folder.glob("*.toml")):
            if _model_name(path) == model:
                return path
    return None


def _model_name(path: Path) -> str | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        model = tomllib.loads(path.read_text("utf-8")).get("model")
    except (OSError, ValueError, RecursionError):
        return None  # whatever it is, it trains nothing
    return model.get("name") if isinstance(model, dict) else None
