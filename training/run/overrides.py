"""KEY=VALUE from the command line over a configuration's file."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable
from dataclasses import is_dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from training.errors import ConfigError
from training.run.config import Config, known_fields

# What has an option of its own is the first of these that the task has.
OPTIONS = {
    "source": ("data.source", "data.manifest"),
    "run": ("output.run",),
    "steps": ("training.steps",),
    "epochs": ("training.epochs",),
    "minutes": ("training.max_minutes",),
}
INSTEAD = {"steps": "epochs", "epochs": "steps"}


def applied(kind: type[Config], table: dict, pairs: Iterable[str]) -> dict:
    """A copy of ``table`` with every ``section.key=value`` of ``pairs`` put in.

    A value is written as in TOML; a text needs no quotes. Raises ConfigError.
    """
    table = copy.deepcopy(table)
    known = _keys(kind)
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise ConfigError(f"{pair!r} is no KEY=VALUE; write it as training.seed=2")
        if key not in known and key.rsplit(".", 1)[0] not in known:
            raise ConfigError(f"unknown key {key}; {_near(key, known)}")
        *sections, last = key.split(".")
        place = table
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise ConfigError(f"{key}: {section} must be a table")
        place[last] = _value(key, text, known.get(key, str))
    return table


def of_options(kind: type[Config], options: dict[str, Any]) -> list[str]:
    """The options of the command line that are given, as KEY=VALUE."""
    known = _keys(kind)
    pairs = []
    for name, value in options.items():
        if value is None or name not in OPTIONS:
            continue
        key = next((k for k in OPTIONS[name] if k in known), None)
        if key is None:
            other = INSTEAD.get(name, "")
            raise ConfigError(
                f"--{name}: a {kind.TASK} counts {other}; give --{other}"
                if other
                else f"--{name}: a {kind.TASK} has no {OPTIONS[name][0]}"
            )
        pairs.append(f"{key}={value}")
    return pairs


def _keys(kind: type[Config]) -> dict[str, Any]:
    """Dotted key -> type of every field."""
    return {
        f"{section}.{name}": wanted
        for section, (inner, _) in known_fields(kind).items()
        if is_dataclass(inner)
        for name, (wanted, _) in known_fields(inner).items()
    }


def _value(key: str, text: str, wanted: Any) -> Any:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    if wanted is str and not isinstance(value, str):
        return text  # A name may look like a number.
    if isinstance(value, str) and wanted is not str:
        like = {tuple: "[1, 2]", MappingProxyType: '{a = "b"}', bool: "true"}
        shown = like.get(getattr(wanted, "__origin__", wanted), "3")
        raise ConfigError(f"{key}={text}: the value must be like {shown}")
    return value


def _near(key: str, known: dict[str, Any]) -> str:
    """The keys that were perhaps meant, or all of the section."""
    section, _, name = key.rpartition(".")
    inside = [k for k in known if k.split(".")[0] == section]
    near = [k for k in known if k.endswith(f".{name}")]
    if not near:
        names = get_close_matches(name, [k.split(".")[1] for k in inside])
        near = [f"{section}.{n}" for n in names]
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"known: {', '.join(inside or known)}"
