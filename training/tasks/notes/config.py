"""A training run of notes as frozen data, with what each value may be."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.plain import to_json


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
    timbre: int = 16
    width: int = 416
    layers: int = 3
    trait_width: int = 192
    hop: int = 64


@dataclass(frozen=True)
class Training:
    """How to train.

    Each step decodes ``times`` moments of ``batch`` notes; most of the notes are
    encoded from another note of their instrument, so that a timbre holds for all keys
    and velocities. ``prior`` weighs how normal timbres must be. The learning rate
    falls from its highest to a hundredth over ``steps``, which ``max_minutes`` may cut
    short (0: never).
    """

    seed: int = 1
    steps: int = 28_000
    max_minutes: float = 0.0
    batch: int = 64
    times: int = 24
    learning_rate: float = 2e-3
    prior: float = 0.01
    ema: float = 0.999
    threads: int = 0


@dataclass(frozen=True)
class Output:
    """Where a run writes, and how often (in minutes)."""

    run: str = "runs/notes"
    checkpoint_minutes: float = 5.0
    sample_minutes: float = 15.0
    keep: int = 3


@dataclass(frozen=True)
class Config:
    """A whole run. ``task`` says that it is this package's."""

    task: str = "notes"
    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    training: Training = field(default_factory=Training)
    output: Output = field(default_factory=Output)

    def to_json(self) -> str:
        """JSON text from which the same configuration is read back."""
        return to_json(self)
