"""A training run of notes as frozen data, with what each value may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from training.run import common, config
from training.run.common import ListenedOutput
from training.run.config import between


@dataclass(frozen=True)
class Data:
    """Which notes: a folder in NSynth's format, and where they are kept prepared."""

    source: str = "input/fluidr3"
    cache: str = "runs/cache"


@dataclass(frozen=True)
class Model:
    """The networks, and the ``licence`` that the trained model is given under.

    ``timbre`` is the number of dimensions of the map; ``width`` that of the decoder's
    hidden layers, of which it has ``layers``; ``trait_width`` that of the two layers
    for what does not change during a note; ``hop`` is in frames at 16 kHz.
    """

    name: str = "notes"
    licence: str = ""
    timbre: int = between(16, 2, 256)
    width: int = between(416, 8, 4096)
    layers: int = between(3, 1, 16)
    trait_width: int = between(192, 8, 4096)
    hop: int = between(64, 16, 512)


@dataclass(frozen=True)
class Training(common.Training):
    """How to train.

    Each step decodes ``times`` moments of ``batch`` notes; most of the notes are
    encoded from another note of their instrument, so that a timbre holds for all keys
    and velocities. ``prior`` weighs how normal timbres must be. The learning rate
    falls from its highest to a hundredth over ``steps``.
    """

    steps: int = between(28_000, 1, 10**9)
    times: int = between(24, 1, 128)
    learning_rate: float = between(2e-3, 0, 1)
    prior: float = between(0.01, 0, 1000)


@dataclass(frozen=True)
class Output(ListenedOutput):
    """Where a run writes, and how often (in minutes)."""

    run: str = "runs/notes"
    sample_minutes: float = between(15.0, 0, 10**6)


@dataclass(frozen=True)
class Config(config.Config):
    """A whole run."""

    TASK: ClassVar[str] = "notes"

    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    training: Training = field(default_factory=Training)
    output: Output = field(default_factory=Output)
