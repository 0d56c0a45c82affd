"""A run as frozen data: each field says what it may be, each mistake what is allowed.

A section is a frozen dataclass of texts, numbers, lists and tables of texts; a
configuration is one of sections. `between` and `one_of` declare a field with limits.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self, get_type_hints

from training.errors import ConfigError

MAX_BYTES = 1 << 20
KEY = "task"  # of a file: whose configuration it is


def between(default: float, low: float, high: float) -> Any:
    """A field whose number is from ``low`` to ``high``."""
    return field(default=default, metadata={"range": (low, high)})


def one_of(default: str, *others: str) -> Any:
    """A field whose text is its default or one of some ``others``."""
    return field(default=default, metadata={"choices": (default, *others)})


def texts() -> Any:
    """A field that is a table of texts, empty by default."""
    return field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Config:
    """What every task's configuration can do; the sections are the task's.

    ``TASK`` is its name in the registry, which a file may state as ``task``.
    """

    TASK: ClassVar[str] = ""

    def check(self) -> None:
        """Raise ConfigError where fields do not fit each other."""

    def to_json(self) -> str:
        """JSON text that `from_json` reads back."""
        sections = {f.name: getattr(self, f.name) for f in fields(self)}
        return json.dumps(
            {KEY: self.TASK, **sections}, indent=1, sort_keys=True, default=_plain
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file. Raises ConfigError naming the file and the key."""
        return cls.from_mapping(mapping(path), str(path))

    @classmethod
    def from_json(cls, text: str, source: str) -> Self:
        """Read what `to_json` wrote."""
        return cls.from_mapping(json_mapping(text, source), source)

    @classmethod
    def from_mapping(cls, table: Any, source: str) -> Self:
        """Check nested mappings and freeze them; ``source`` is named in errors."""
        if isinstance(table, dict) and KEY in table:
            named, table = table[KEY], {k: v for k, v in table.items() if k != KEY}
            if named != cls.TASK:
                raise ConfigError(f"{source}: {KEY} is {named!r}; allowed: {cls.TASK}")
        config = freeze(cls, table, source)
        try:
            config.check()
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}") from None
        return config


def mapping(path: Path) -> dict[str, Any]:
    """A TOML file as nested mappings, not checked yet. Raises ConfigError."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such configuration; see configs/*.toml")
    if path.stat().st_size > MAX_BYTES:
        raise ConfigError(f"{path}: larger than the {MAX_BYTES} bytes allowed")
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


def freeze(kind: type, table: Any, source: str, prefix: str = "") -> Any:
    """Nested mappings as the frozen dataclass ``kind``. Raises ConfigError."""
    if not isinstance(table, dict):
        name = prefix.rstrip(".") or "the file"
        raise ConfigError(f"{source}: {name} must be a table")
    known = known_fields(kind)
    for key in table:
        if key not in known:
            raise ConfigError(
                f"{source}: unknown key {prefix}{key}; known: {', '.join(known)}"
            )
    values = {
        key: freeze(known[key][0], value, source, f"{prefix}{key}.")
        if is_dataclass(known[key][0])
        else _value(f"{prefix}{key}", value, *known[key], source)
        for key, value in table.items()
    }
    return kind(**values)


def known_fields(kind: type) -> dict[str, tuple[Any, Field]]:
    """Type and field of each name of a section or configuration."""
    hints = get_type_hints(kind)
    return {f.name: (hints[f.name], f) for f in fields(kind)}


def _value(name: str, value: Any, wanted: Any, place: Field, source: str) -> Any:
    if wanted is MappingProxyType:
        return MappingProxyType(_texts(name, value, place, source))
    if getattr(wanted, "__origin__", None) is tuple:
        item = wanted.__args__[0]
        if not isinstance(value, list):
            raise ConfigError(f"{source}: {name} is {value!r}; allowed: a list")
        return tuple(
            _scalar(f"{name}[{i}]", v, item, place, source) for i, v in enumerate(value)
        )
    return _scalar(name, value, wanted, place, source)


def _texts(name: str, value: Any, place: Field, source: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigError(f"{source}: {name} is {value!r}; allowed: a table of texts")
    return {k: _scalar(f"{name}.{k}", v, str, place, source) for k, v in value.items()}


def _scalar(name: str, value: Any, wanted: type, place: Field, source: str) -> Any:
    def fail(allowed: str) -> None:
        raise ConfigError(f"{source}: {name} is {value!r}; allowed: {allowed}")

    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        fail(f"a value of type {wanted.__name__}")
    choices = place.metadata.get("choices")
    if choices and value not in choices:
        fail(", ".join(choices))
    low, high = place.metadata.get("range", (None, None))
    if low is not None and not low <= value <= high:
        fail(f"{low} to {high}")
    return value


def _plain(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else vars(value)
