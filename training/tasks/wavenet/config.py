"""A run of the WaveNet autoencoder as frozen data; the defaults are as published."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.errors import ConfigError
from training.plain import to_json
from training.run import config as reading
from training.run.config import Rules
from training.tasks.notes.config import Output


@dataclass(frozen=True)
class Data:
    """Which notes: a folder in NSynth's format."""

    source: str = "input/nsynth"


@dataclass(frozen=True)
class Model:
    """The networks' sizes; ``pool`` frames share one code of ``bottleneck`` numbers."""

    name: str = "nsynth_wavenet"
    encoder_width: int = 128
    bottleneck: int = 16
    pool: int = 512
    width: int = 512
    skip: int = 256
    layers: int = 30
    stages: int = 10


@dataclass(frozen=True)
class Training:
    """How to train: ``rates[i]`` is the learning rate until step ``rate_steps[i]``."""

    seed: int = 1
    steps: int = 200_000
    max_minutes: float = 0.0
    batch: int = 32
    crop: int = 6_144
    rates: tuple[float, ...] = (2e-4, 4e-4 / 3, 6e-5, 4e-5, 2e-5)
    rate_steps: tuple[int, ...] = (90_000, 120_000, 150_000, 180_000)
    ema: float = 0.9999


@dataclass(frozen=True)
class Config:
    """A whole run."""

    task: str = "wavenet"
    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    training: Training = field(default_factory=Training)
    output: Output = field(default_factory=Output)

    def to_json(self) -> str:
        """JSON text that `from_json` reads back."""
        return to_json(self)


CHOICES = {"task": ("wavenet",)}
RANGES = {
    "model.encoder_width": (1, 4096),
    "model.bottleneck": (1, 4096),
    "model.pool": (1, 1 << 16),
    "model.width": (1, 4096),
    "model.skip": (1, 4096),
    "model.layers": (1, 200),
    "model.stages": (1, 16),
    "training.seed": (0, 2**31 - 1),
    "training.steps": (1, 10**9),
    "training.max_minutes": (0, 10**6),
    "training.batch": (1, 1 << 14),
    "training.crop": (1, 64_000),
    "training.ema": (0, 1),
    "output.checkpoint_minutes": (0, 10**6),
    "output.sample_minutes": (0, 10**6),
    "output.keep": (1, 1000),
}


def load(path: Path) -> Config:
    """Read a TOML file. Raises ConfigError naming the file and the key."""
    return from_mapping(reading.mapping(path), str(path))


def from_json(text: str, source: str) -> Config:
    """Read what `Config.to_json` wrote."""
    return from_mapping(reading.json_mapping(text, source), source)


def from_mapping(table: dict[str, Any], source: str) -> Config:
    """Check nested mappings and freeze them."""
    config = reading.freeze(Config, table, Rules(source, CHOICES, RANGES))
    training = config.training
    if training.crop % config.model.pool:
        raise ConfigError(
            f"{source}: training.crop is {training.crop}; allowed: a multiple of "
            f"model.pool, {config.model.pool}"
        )
    if len(training.rates) != len(training.rate_steps) + 1:
        raise ConfigError(
            f"{source}: training.rates has {len(training.rates)} values; allowed: one "
            f"more than rate_steps, which has {len(training.rate_steps)}"
        )
    return config
