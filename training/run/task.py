"""What a task gives: its configuration, data, learner, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from training.errors import ConfigError
from training.run.config import Config

if TYPE_CHECKING:  # The command line is quick: it loads no TensorFlow.
    import keras
    import numpy as np
    import onnx
    import tensorflow as tf

    from rtaudio_dl.models.card import Card
    from training.run.learner import Learner
    from training.run.opened import Opened

Progress = Callable[[Iterable], Iterable]


class Data(Protocol):
    """Prepared sounds: what a resumed run must find again.

    ``problems``, if it has them, are lines about files that were left out.
    """

    digest: str

    def facts(self) -> dict[str, Any]:
        """What a checkpoint and a card tell of them; numbers and texts."""


@dataclass(frozen=True)
class Exported:
    """A model to be written: its card and graph, and what proves them.

    ``expected`` is what the network itself gives for ``inputs``, by tensor name.
    """

    card: Card
    graph: onnx.ModelProto
    inputs: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]
    max_bytes: int = 12_000_000


class Task:
    """One kind of training; a folder of `training.tasks` has one, called ``TASK``.

    ``files`` says, for each network that is shipped, what its ONNX file is called after
    the model's name: ``{"encoder": ".encoder"}``. A network that is not named there is
    in the file of the model's name itself.
    """

    Config: type[Config]
    made_of: str = "sounds or parts"  # what a resumed run must find again
    files: dict[str, str] = {}

    def data(self, config: Config, progress: Progress = iter) -> Data:
        """The sounds of a run, from the cache if it holds them."""
        raise NotImplementedError

    def steps(self, config: Config, data: Data) -> int:
        """Steps of a whole run."""
        return config.training.goal

    def networks(self, config: Config, facts: dict) -> dict[str, keras.Model]:
        """What is shipped, by name and with its variables, not trained.

        ``facts`` are those of a checkpoint.
        """
        raise NotImplementedError

    def learner(self, config: Config, data: Data, replicas: int = 1) -> Learner:
        """All that learns, made inside the scope of its strategy."""
        raise NotImplementedError

    def batches(
        self, config: Config, data: Data, start: int, size: int, worker: int = 0
    ) -> tf.data.Dataset:
        """Endless batches of ``size``, each a function of seed, worker and number.

        The first has the number ``start``. Each is a tuple: the arguments of
        `Learner.step`.
        """
        raise NotImplementedError

    def parts(self, config: Config) -> list[Config]:
        """The runs that a configuration asks for, each with a folder of its own."""
        return [config]

    def sample(self, run: Opened, out: Path, each: int) -> str:
        """Write sounds to listen to; gives what to tell."""
        raise ConfigError(f"{run.path}: this task has nothing to listen to")

    def evaluate(self, run: Opened, out: Path, seeds: int) -> str:
        """Measure on what was held out; gives the figures as text."""
        raise ConfigError(f"{run.path}: this task has no evaluation")

    def export(self, run: Opened, metrics: Path | None) -> list[Exported]:
        """The models of a run, with what `evaluate` found of them."""
        raise ConfigError(f"{run.path}: this task exports nothing")

    def one_sound(self, config: Config) -> Callable[[], object]:
        """A function that makes one sound with the untrained network."""
        raise ConfigError(f"a {self.Config.TASK} makes no sound by itself")
