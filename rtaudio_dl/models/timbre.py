"""Timbres: named places in the space of a streaming model, in its card or in files.

A card lists them in ``timbres``: name → ``{"z": [...], "family": ..., "xy": [x, y]}``.
A user's own lie as ``timbres/NAME.json`` in the folders for configurations, with the
name of the ``model`` that they belong to. Both are untrusted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtaudio_dl.errors import ModelError, PatchError, shown
from rtaudio_dl.files.paths import config_folders
from rtaudio_dl.models.card import Card, Tensor

CONTROL = "timbre"  # name of the input that takes one
MAX_TIMBRES = 4096
MAX_SIZE = 4096  # numbers of one timbre
MAX_NUMBER = 1e3
MAX_NAME = 200  # characters
MAX_FILE_BYTES = 1 << 20


@dataclass(frozen=True)
class Timbre:
    """A place ``z`` in a model's space; ``xy`` is its place (0..1) on a flat map."""

    name: str
    z: tuple[float, ...]
    family: str = ""
    xy: tuple[float, float] | None = None


def timbre_input(card: Card) -> Tensor | None:
    """The input of a streaming model that takes a timbre, or None."""
    return card.input("control", CONTROL)


def is_vector(value: Any, size: int | None = None) -> bool:
    """Whether a value is a list of finite numbers of moderate size."""
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= MAX_SIZE:
        return False
    real = all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in value)
    if not real or not all(-MAX_NUMBER <= n <= MAX_NUMBER for n in value):
        return False
    return size is None or len(value) == size


def is_name(value: Any) -> bool:
    """Whether a value can be the name of a timbre."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def card_timbres(card: Card) -> dict[str, Timbre]:
    """The timbres of a card, by name. Raises ModelError where they are not sound."""
    table, tensor = card.extra.get("timbres", {}), timbre_input(card)
    if not isinstance(table, dict) or len(table) > MAX_TIMBRES:
        _refuse("timbres", table, f"a mapping of at most {MAX_TIMBRES} timbres")
    if table and tensor is None:
        _refuse("timbres", list(table), f"none, without an input {CONTROL!r}")
    return {name: _timbre(name, table[name], tensor.size()) for name in table}


def _timbre(name: str, fields: Any, size: int) -> Timbre:
    if not is_name(name):
        _refuse("name of a timbre", name, f"a text of 1 to {MAX_NAME} characters")
    fields = fields if isinstance(fields, dict) else {"z": fields}
    if not is_vector(fields.get("z"), size):
        allowed = f"a list of {size} numbers from {-MAX_NUMBER:g} to {MAX_NUMBER:g}"
        _refuse(f"z of timbre {shown(name)}", fields.get("z"), allowed)
    family, xy = fields.get("family", ""), fields.get("xy")
    if not isinstance(family, str):
        _refuse(f"family of timbre {shown(name)}", family, "a text")
    if xy is not None and not is_vector(xy, 2):
        _refuse(f"xy of timbre {shown(name)}", xy, "two numbers")
    place = None if xy is None else (float(xy[0]), float(xy[1]))
    return Timbre(name, tuple(map(float, fields["z"])), family, place)


def _refuse(name: str, value: Any, allowed: str) -> None:
    raise ModelError(f"{name} is {shown(value)}; allowed: {allowed}")


def user_timbre_files() -> dict[str, Path]:
    """The user's own timbres by name, from ``timbres/`` of all configurations."""
    files: dict[str, Path] = {}
    for folder in config_folders():
        for path in sorted((folder / "timbres").glob("*.json")):
            files.setdefault(path.stem, path)
    return files


def read_timbre(path: Path, card: Card) -> Timbre:
    """Read a user's timbre for a model. Raises PatchError."""
    fields, tensor = _json(path), timbre_input(card)
    model = fields.get("model") if isinstance(fields, dict) else None
    if model != card.name:
        raise PatchError(
            f"{path} belongs to model {shown(model)}, not to {card.name!r}; encode "
            "the sound again with this model"
        )
    if tensor is None:
        raise PatchError(f"model {card.name!r} takes no timbre")
    try:
        return _timbre(path.stem, fields, tensor.size())
    except ModelError as error:
        raise PatchError(f"{path}: {error}") from None


def _json(path: Path) -> Any:
    text = _text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PatchError(f"{path} is not JSON: {error}") from None


def _text(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            raise PatchError(
                f"{path} is no file of at most {MAX_FILE_BYTES} bytes; check the path"
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise PatchError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PatchError(f"{path} is not UTF-8 text") from None


def find_timbre(name: str, card: Card) -> Timbre:
    """A timbre of a model by name: of its card, else of the user's own.

    Raises PatchError, which lists what there is.
    """
    own, files = card_timbres(card), user_timbre_files()
    if name in own:
        return own[name]
    if name in files:
        return read_timbre(files[name], card)
    have = ", ".join([*own, *files][:64]) or "none; give a list of numbers"
    raise PatchError(f"model {card.name!r} has no timbre {name!r}; there are: {have}")
