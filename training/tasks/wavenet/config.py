"""A run of the WaveNet autoencoder as frozen data; the defaults are as published."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from training.errors import ConfigError
from training.run import common, config
from training.run.config import between


@dataclass(frozen=True)
class Data:
    """Which notes: a folder in NSynth's format."""

    source: str = "input/nsynth"


@dataclass(frozen=True)
class Model:
    """The networks' sizes; ``pool`` frames share one code of ``bottleneck`` numbers."""

    name: str = "nsynth_wavenet"
    encoder_width: int = between(128, 1, 4096)
    bottleneck: int = between(16, 1, 4096)
    pool: int = between(512, 1, 1 << 16)
    width: int = between(512, 1, 4096)
    skip: int = between(256, 1, 4096)
    layers: int = between(30, 1, 200)
    stages: int = between(10, 1, 16)


@dataclass(frozen=True)
class Training(common.Training):
    """How to train: ``rates[i]`` is the learning rate until step ``rate_steps[i]``."""

    steps: int = between(200_000, 1, 10**9)
    batch: int = between(32, 1, 1 << 14)
    crop: int = between(6_144, 1, 64_000)
    rates: tuple[float, ...] = (2e-4, 4e-4 / 3, 6e-5, 4e-5, 2e-5)
    rate_steps: tuple[int, ...] = (90_000, 120_000, 150_000, 180_000)
    ema: float = between(0.9999, 0, 1)


@dataclass(frozen=True)
class Output(common.Output):
    """Where a run writes, and how often (in minutes)."""

    run: str = "runs/nsynth_wavenet"


@dataclass(frozen=True)
class Config(config.Config):
    """A whole run."""

    TASK: ClassVar[str] = "wavenet"

    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    training: Training = field(default_factory=Training)
    output: Output = field(default_factory=Output)

    def check(self) -> None:
        """Raise ConfigError where fields do not fit each other."""
        training, pool = self.training, self.model.pool
        if training.crop % pool:
            raise ConfigError(
                f"training.crop is {training.crop}; allowed: a multiple of "
                f"model.pool, {pool}"
            )
        if len(training.rates) != len(training.rate_steps) + 1:
            raise ConfigError(
                f"training.rates has {len(training.rates)} values; allowed: one more "
                f"than rate_steps, which has {len(training.rate_steps)}"
            )
