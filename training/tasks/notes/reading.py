"""Reading a configuration of notes from TOML or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.run import config as reading
from training.run.config import Rules
from training.tasks.notes.config import Config

RANGES = {
    "model.timbre": (2, 256),
    "model.width": (8, 4096),
    "model.layers": (1, 16),
    "model.trait_width": (8, 4096),
    "model.hop": (16, 512),
    "training.seed": (0, 2**31 - 1),
    "training.steps": (1, 10**9),
    "training.max_minutes": (0, 10**6),
    "training.batch": (1, 1 << 14),
    "training.times": (1, 128),
    "training.learning_rate": (0, 1),
    "training.prior": (0, 1000),
    "training.ema": (0, 1),
    "training.threads": (0, 1024),
    "output.checkpoint_minutes": (0, 10**6),
    "output.sample_minutes": (0, 10**6),
    "output.keep": (1, 1000),
}
CHOICES = {"task": ("notes",)}


def load(path: Path) -> Config:
    """Read a TOML file. Raises ConfigError naming the file and the key."""
    return from_mapping(reading.mapping(path), str(path))


def from_json(text: str, source: str) -> Config:
    """Read what `Config.to_json` wrote."""
    return from_mapping(reading.json_mapping(text, source), source)


def from_mapping(fields: dict[str, Any], source: str) -> Config:
    """Check nested mappings and freeze them."""
    return reading.freeze(Config, fields, Rules(source, CHOICES, RANGES))
