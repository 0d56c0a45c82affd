"""Patches: playable instruments, written in TOML: model, keys, parameters, controls.

A patch file is untrusted input: unknown keys, wrong types and values out of range end
in one clear error.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rtaudio_dl.core.parameters import GAINS, INSTRUMENT, PANS, Parameter
from rtaudio_dl.errors import ModelError, PatchError
from rtaudio_dl.files.paths import config_folders
from rtaudio_dl.models.library import find_model
from rtaudio_dl.models.model import read_card
from rtaudio_dl.models.timbre import is_name, is_vector
from rtaudio_dl.patches.ears import Ears, parse_ears
from rtaudio_dl.patches.table import Table

MAX_PATCH_BYTES = 1 << 20
FRESHNESS = ("pooled", "fresh", "frozen")
MAX_DEPTH = 4
RESERVED_CONTROLS = (7, 10, 11, 64)  # volume, pan, expression, pedal: of every patch
SEEDS = 1 << 63
CORNERS = (1, 2, 4)  # allowed numbers of them

Corner = str | tuple[float, ...]
PARAMETERS = INSTRUMENT  # of every patch; a model may have more


@dataclass(frozen=True)
class Key:
    """One key of a patch.

    ``classes`` maps labels of the model to weights, ``shift`` is in semitones, ``gain``
    linear, ``pan`` -1..1; sounds of one ``choke`` group (0: none) end each other;
    keys of one ``latent`` number are the same sound at other pitches.
    """

    name: str = ""
    classes: dict[str, float] = field(default_factory=dict)
    shift: float = 0.0
    gain: float = 1.0
    pan: float = 0.0
    choke: int = 0
    latent: int = 0


@dataclass(frozen=True)
class Patch:
    """A playable instrument. ``keys`` maps MIDI notes to what they play.

    ``parameters`` and ``controls`` name those of every instrument and those that the
    model's card declares. ``corners`` are timbres of a streaming model, by name or as
    vectors.
    """

    name: str
    model: str
    title: str
    keys: dict[int, Key]
    parameters: dict[str, float]
    controls: dict[int, str]
    seed: int = 0
    freshness: str = "pooled"
    depth: int = 2
    one_shot: bool = False
    program: int | None = None
    ears: Ears | None = None
    corners: tuple[Corner, ...] = ()


def read_patch(path: Path) -> Patch:
    """Read a patch file. Raises PatchError."""
    text = _text(path)
    try:
        fields = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: a number of 5000 digits
        raise PatchError(f"{path} is not TOML: {error}") from None
    return parse_patch(fields, path.stem, str(path))


def _text(path: Path) -> str:
    try:
        if not path.is_file():  # a pipe could be read for ever
            raise PatchError(f"{path} is not a file; check the path")
        if path.stat().st_size > MAX_PATCH_BYTES:
            raise PatchError(f"{path} is larger than {MAX_PATCH_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise PatchError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PatchError(f"{path} is not UTF-8 text") from None


def find_patch(name: str) -> Patch:
    """A patch by its name or its file's path; PatchError lists what there is."""
    if name.endswith(".toml"):
        return read_patch(Path(name))
    files = patch_files()
    if name not in files:
        have = ", ".join(sorted(files)) or "none"
        raise PatchError(
            f"no patch {name!r}; there are: {have}; or give the path of a .toml file"
        )
    return read_patch(files[name])


def patch_files() -> dict[str, Path]:
    """Patch files by name, from ``patches/`` in all folders for configurations."""
    files: dict[str, Path] = {}
    for folder in config_folders():
        for path in sorted((folder / "patches").glob("*.toml")):
            files.setdefault(path.stem, path)
    return files


def parse_patch(fields: dict[str, Any], name: str, source: str) -> Patch:
    """Check a parsed patch and freeze it; ``source`` names it in errors."""
    table = Table(source, "", fields)
    model = table.text("model")
    known = _known_parameters(fields, model)
    patch = Patch(
        name=name,
        model=model,
        title=table.text("title", name),
        keys=_keys(table),
        parameters=_parameters(table.table("parameters", known), known),
        controls=_controls(table, known),
        seed=table.integer("seed", 0, SEEDS - 1, 0),
        freshness=table.choice("freshness", FRESHNESS, "pooled"),
        depth=table.integer("depth", 1, MAX_DEPTH, 2),
        one_shot=table.boolean("one_shot", False),
        program=table.integer("program", 0, 127, None),
        ears=parse_ears(table.table("ears")) if table.has("ears") else None,
        corners=_corners(table.table("morph")) if table.has("morph") else (),
    )
    table.finish()
    return patch


def _known_parameters(fields: dict[str, Any], model: str) -> dict[str, Parameter]:
    """What a patch may name. The model's card is read only where it is asked about."""
    own, controls = fields.get("parameters"), fields.get("controls")
    named = [*(own if isinstance(own, dict) else ())]
    named += controls.values() if isinstance(controls, dict) else ()
    if all(name in list(PARAMETERS) for name in named):
        return PARAMETERS
    try:
        return PARAMETERS | read_card(find_model(model)).parameters
    except ModelError:
        return PARAMETERS  # whatever is wrong with the model: these are there


def _parameters(table: Table, known: dict[str, Parameter]) -> dict[str, float]:
    values = {
        name: table.number(name, p.low, p.high, p.default) for name, p in known.items()
    }
    table.finish()
    return values


def _controls(table: Table, known: dict[str, Parameter]) -> dict[int, str]:
    controls = table.table("controls")
    taken = {
        number: controls.choice(text, tuple(known))
        for text, number in controls.numbered(0, 119)
    }
    controls.finish()
    for number in taken.keys() & set(RESERVED_CONTROLS):
        reserved = ", ".join(map(str, RESERVED_CONTROLS))
        controls.fail(str(number), taken[number], f"any control but {reserved}")
    return taken


def _corners(table: Table) -> tuple[Corner, ...]:
    """One timbre, the two ends of x, or the four corners: y = 0 first, x = 0 first."""
    corners = table.fields.get("corners")
    table.known.add("corners")
    table.finish()
    if not isinstance(corners, list) or len(corners) not in CORNERS:
        numbers = ", ".join(map(str, CORNERS))
        table.fail("corners", corners, f"a list of timbres; how many: {numbers}")
    for corner in corners:
        if not is_name(corner) and not is_vector(corner):
            table.fail("corners", corner, "the name of a timbre, or a list of numbers")
    return tuple(c if isinstance(c, str) else tuple(map(float, c)) for c in corners)


def _keys(table: Table) -> dict[int, Key]:
    keys = _keyboard(table.table("keyboard")) if table.has("keyboard") else {}
    single = table.table("keys")
    for text, number in single.numbered(0, 127):
        keys[number] = _key(single.table(text), number)
    single.finish()
    if not keys:
        table.fail("keys", "none", "a table [keys.NUMBER] for each key, or [keyboard]")
    return keys


def _keyboard(table: Table) -> dict[int, Key]:
    """A range of keys that play one sound at their pitches."""
    low = table.integer("low", 0, 127, 0)
    high = table.integer("high", low, 127, 127)
    root = table.integer("root", 0, 127, 60)
    name = table.text("name", "")
    classes = table.weights("class")
    shared = table.boolean("shared", True)
    gain = table.number("gain", *GAINS, 1.0)
    table.finish()
    return {
        key: Key(name, classes, key - root, gain, latent=root if shared else key)
        for key in range(low, high + 1)
    }


def _key(table: Table, number: int) -> Key:
    key = Key(
        name=table.text("name", ""),
        classes=table.weights("class"),
        shift=table.number("shift", -48, 48, 0.0),
        gain=table.number("gain", *GAINS, 1.0),
        pan=table.number("pan", *PANS, 0.0),
        choke=table.integer("choke", 0, 127, 0),
        latent=table.integer("latent", 0, SEEDS - 1, number),
    )
    table.finish()
    return key
