"""Reading a configuration from TOML or JSON; a wrong key or value is an error."""

from __future__ import annotations

import json
import tomllib
from dataclasses import is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from training.config import CHOICES, RANGES, Config, start_frames
from training.errors import ConfigError

MAX_CONFIG_BYTES = 1 << 20


def load(path: Path) -> Config:
    """Read a TOML file. Raises ConfigError naming the file and the key."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such configuration; see configs/*.toml")
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: larger than the {MAX_CONFIG_BYTES} bytes allowed")
    try:
        mapping = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    return from_mapping(mapping, str(path))


def from_json(text: str, source: str) -> Config:
    """Read what `Config.to_json` wrote."""
    try:
        return from_mapping(json.loads(text), source)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{source}: not JSON: {error}") from None


def from_mapping(mapping: dict[str, Any], source: str) -> Config:
    """Check nested mappings and freeze them."""
    config = _build(Config, mapping, source, "")
    _check_lengths(config, source)
    return config


def _build(kind: type, mapping: Any, source: str, prefix: str) -> Any:
    if not isinstance(mapping, dict):
        raise ConfigError(f"{source}: {prefix or 'the file'} must be a table")
    known = get_type_hints(kind)
    for key in mapping:
        if key not in known:
            raise ConfigError(
                f"{source}: unknown key {prefix}{key}; known: {', '.join(known)}"
            )
    values = {
        key: _build(known[key], value, source, f"{key}.")
        if is_dataclass(known[key])
        else _value(f"{prefix}{key}", value, known[key], source)
        for key, value in mapping.items()
    }
    return kind(**values)


def _value(name: str, value: Any, wanted: Any, source: str) -> Any:
    if wanted is MappingProxyType:
        return MappingProxyType(_strings(name, value, source))
    if getattr(wanted, "__origin__", None) is tuple:
        item = wanted.__args__[0]
        if not isinstance(value, list):
            raise ConfigError(f"{source}: {name} is {value!r}; allowed: a list")
        return tuple(
            _scalar(f"{name}[{i}]", v, item, source) for i, v in enumerate(value)
        )
    return _scalar(name, value, wanted, source)


def _strings(name: str, value: Any, source: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigError(f"{source}: {name} is {value!r}; allowed: a table of texts")
    return {k: _scalar(f"{name}.{k}", v, str, source) for k, v in value.items()}


def _scalar(name: str, value: Any, wanted: type, source: str) -> Any:
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        raise ConfigError(
            f"{source}: {name} is {value!r}; allowed: a value of type {wanted.__name__}"
        )
    choices = CHOICES.get(name)
    if choices and value not in choices:
        raise ConfigError(
            f"{source}: {name} is {value!r}; allowed: {', '.join(choices)}"
        )
    low, high = RANGES.get(name, (None, None))
    if low is not None and not low <= value <= high:
        raise ConfigError(f"{source}: {name} is {value!r}; allowed: {low} to {high}")
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
