"""Reading a configuration from TOML or JSON; a wrong key or value is an error."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from training.errors import ConfigError
from training.tasks.wavegan.config import CHOICES, RANGES, Config, start_frames

MAX_CONFIG_BYTES = 1 << 20


def load(path: Path) -> Config:
    """Read a generator's TOML file. Raises ConfigError naming the file and the key."""
    fields = mapping(path)
    fields.pop("task", None)
    return from_mapping(fields, str(path))


def mapping(path: Path) -> dict[str, Any]:
    """A TOML file as nested mappings, not checked yet. Raises ConfigError."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such configuration; see configs/*.toml")
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: larger than the {MAX_CONFIG_BYTES} bytes allowed")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def json_mapping(text: str, source: str) -> Any:
    """What a JSON text holds. Raises ConfigError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{source}: not JSON: {error}") from None


def from_json(text: str, source: str) -> Config:
    """Read what `Config.to_json` wrote."""
    return from_mapping(json_mapping(text, source), source)


def from_mapping(fields: dict[str, Any], source: str) -> Config:
    """Check a generator's nested mappings and freeze them."""
    config = freeze(Config, fields, Rules(source, CHOICES, RANGES))
    _check_lengths(config, source)
    return config


@dataclass(frozen=True)
class Rules:
    """Which values a configuration may have, and the ``source`` to name in errors.

    ``choices`` and ``ranges`` (low, high) are by dotted key, as ``training.seed``.
    """

    source: str
    choices: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[float, float]]


def freeze(kind: type, fields: Any, rules: Rules, prefix: str = "") -> Any:
    """Nested mappings as the frozen dataclass ``kind``. Raises ConfigError."""
    if not isinstance(fields, dict):
        raise ConfigError(f"{rules.source}: {prefix or 'the file'} must be a table")
    known = get_type_hints(kind)
    for key in fields:
        if key not in known:
            raise ConfigError(
                f"{rules.source}: unknown key {prefix}{key}; known: {', '.join(known)}"
            )
    values = {
        key: freeze(known[key], value, rules, f"{key}.")
        if is_dataclass(known[key])
        else _value(f"{prefix}{key}", value, known[key], rules)
        for key, value in fields.items()
    }
    return kind(**values)


def _value(name: str, value: Any, wanted: Any, rules: Rules) -> Any:
    if wanted is MappingProxyType:
        return MappingProxyType(_strings(name, value, rules))
    if getattr(wanted, "__origin__", None) is tuple:
        item = wanted.__args__[0]
        if not isinstance(value, list):
            raise ConfigError(f"{rules.source}: {name} is {value!r}; allowed: a list")
        return tuple(
            _scalar(f"{name}[{i}]", v, item, rules) for i, v in enumerate(value)
        )
    return _scalar(name, value, wanted, rules)


def _strings(name: str, value: Any, rules: Rules) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigError(
            f"{rules.source}: {name} is {value!r}; allowed: a table of texts"
        )
    return {k: _scalar(f"{name}.{k}", v, str, rules) for k, v in value.items()}


def _scalar(name: str, value: Any, wanted: type, rules: Rules) -> Any:
    def fail(allowed: str) -> None:
        raise ConfigError(f"{rules.source}: {name} is {value!r}; allowed: {allowed}")

    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        fail(f"a value of type {wanted.__name__}")
    choices = rules.choices.get(name)
    if choices and value not in choices:
        fail(", ".join(choices))
    low, high = rules.ranges.get(name, (None, None))
    if low is not None and not low <= value <= high:
        fail(f"{low} to {high}")
    return value


def _check_lengths(config: Config, source: str) -> None:
    if not start_frames(config.data.frames)[1]:
        raise ConfigError(
            f"{source}: data.frames is {config.data.frames}; allowed: 8 to 31 times a "
            "power of 4, such as 4096, 8192 or 16384"
        )
    if config.model.noise > config.model.latent:
        raise ConfigError(
            f"{source}: model.noise is {config.model.noise}; allowed: at most "
            f"model.latent, {config.model.latent}"
        )
    for window in config.model.spectral:
        if not 32 <= window <= config.data.frames or window % 4:
            raise ConfigError(
                f"{source}: model.spectral has {window}; allowed: multiples of 4 from "
                f"32 to data.frames, {config.data.frames}"
            )
    if config.training.reconstruct and not config.model.spectral:
        raise ConfigError(
            f"{source}: training.reconstruct needs model.spectral, in which sounds are "
            "compared, such as [128, 512]"
        )
    if config.model.class_prior and not config.training.reconstruct:
        raise ConfigError(
            f"{source}: model.class_prior needs training.reconstruct above 0: its "
            "encoder says where the classes lie"
        )
    if config.training.warmup_steps and not config.training.reconstruct:
        raise ConfigError(
            f"{source}: training.warmup_steps needs training.reconstruct above 0"
        )
    if config.model.conditional and not config.data.classes:
        raise ConfigError(
            f"{source}: model.conditional needs data.classes; list the class folders"
        )
