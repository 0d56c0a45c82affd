"""Patches: playable instruments, written in TOML: model, keys, parameters, controls.

A patch file is untrusted input: unknown keys, wrong types and values out of range end
in one clear error.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rtaudio_dl.errors import PatchError, shown
from rtaudio_dl.paths import config_folders

MAX_PATCH_BYTES = 1 << 20
FRESHNESS = ("pooled", "fresh", "frozen")
MAX_DEPTH = 4
RESERVED_CONTROLS = (7, 10, 11, 64)  # volume, pan, expression, pedal: of every patch
SEEDS = 1 << 63


@dataclass(frozen=True)
class Parameter:
    """A parameter of a patch: its range, its default, what it means."""

    low: float
    high: float
    default: float
    meaning: str


PARAMETERS = {
    "gain": Parameter(0, 4, 1, "loudness, linear"),
    "pan": Parameter(-1, 1, 0, "left to right"),
    "morph": Parameter(0, 1, 0, "the way through the latent space"),
    "variation": Parameter(0, 1, 0.15, "how far each strike wanders from its key"),
    "tune": Parameter(-48, 48, 0, "semitones"),
    "brightness": Parameter(0, 1, 0.4, "how much darker soft notes are"),
    "attack": Parameter(0, 60, 0, "s"),
    "decay": Parameter(0, 60, 0, "s, time constant of the way down to sustain"),
    "sustain": Parameter(0, 1, 1, "level while the key is down"),
    "release": Parameter(0, 60, 0.08, "s, time constant after the key is up"),
    "velocity_curve": Parameter(0, 4, 1.6, "exponent of velocity for loudness"),
    "bend_range": Parameter(0, 48, 2, "semitones of the pitch wheel"),
}


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
    """A playable instrument. ``keys`` maps MIDI notes to what they play."""

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
    table = _Table(source, "", fields)
    patch = Patch(
        name=name,
        model=table.text("model"),
        title=table.text("title", name),
        keys=_keys(table),
        parameters=_parameters(table.table("parameters", PARAMETERS)),
        controls=_controls(table),
        seed=table.integer("seed", 0, SEEDS - 1, 0),
        freshness=table.choice("freshness", FRESHNESS, "pooled"),
        depth=table.integer("depth", 1, MAX_DEPTH, 2),
        one_shot=table.boolean("one_shot", False),
        program=table.integer("program", 0, 127, None),
    )
    table.finish()
    return patch


def _parameters(table: _Table) -> dict[str, float]:
    values = {
        name: table.number(name, p.low, p.high, p.default)
        for name, p in PARAMETERS.items()
    }
    table.finish()
    return values


def _controls(table: _Table) -> dict[int, str]:
    controls = table.table("controls")
    taken = {
        number: controls.choice(text, tuple(PARAMETERS))
        for text, number in controls.numbered(0, 119)
    }
    controls.finish()
    for number in taken.keys() & set(RESERVED_CONTROLS):
        reserved = ", ".join(map(str, RESERVED_CONTROLS))
        controls.fail(str(number), taken[number], f"any control but {reserved}")
    return taken


def _keys(table: _Table) -> dict[int, Key]:
    keys = _keyboard(table.table("keyboard")) if table.has("keyboard") else {}
    single = table.table("keys")
    for text, number in single.numbered(0, 127):
        keys[number] = _key(single.table(text), number)
    single.finish()
    if not keys:
        table.fail("keys", "none", "a table [keys.NUMBER] for each key, or [keyboard]")
    return keys


def _keyboard(table: _Table) -> dict[int, Key]:
    """A range of keys that play one sound at their pitches."""
    low = table.integer("low", 0, 127, 0)
    high = table.integer("high", low, 127, 127)
    root = table.integer("root", 0, 127, 60)
    name = table.text("name", "")
    classes = table.weights("class")
    shared = table.boolean("shared", True)
    gain = table.number("gain", 0, 4, 1.0)
    table.finish()
    return {
        key: Key(name, classes, key - root, gain, latent=root if shared else key)
        for key in range(low, high + 1)
    }


def _key(table: _Table, number: int) -> Key:
    key = Key(
        name=table.text("name", ""),
        classes=table.weights("class"),
        shift=table.number("shift", -48, 48, 0.0),
        gain=table.number("gain", 0, 4, 1.0),
        pan=table.number("pan", -1, 1, 0.0),
        choke=table.integer("choke", 0, 127, 0),
        latent=table.integer("latent", 0, SEEDS - 1, number),
    )
    table.finish()
    return key


class _Table:
    """One table of a patch file; remembers what was asked for, refuses the rest."""

    def __init__(self, source: str, name: str, fields: Any, known: Any = ()):
        self.source, self.name = source, name
        self.known = set(known)
        if not isinstance(fields, dict):
            self.fail("", fields, "a table")
        self.fields = fields

    def fail(self, name: str, value: Any, allowed: str) -> None:
        place = f"{self.name}.{name}".strip(".")
        raise PatchError(
            f"{self.source}: {place} is {shown(value)}; allowed: {allowed}"
        )

    def has(self, name: str) -> bool:
        self.known.add(name)
        return name in self.fields

    def _get(self, name: str, default: Any, required: bool = False) -> Any:
        if not self.has(name) and required:
            self.fail(name, "missing", "a value")
        return self.fields.get(name, default)

    def table(self, name: str, known: Any = ()) -> _Table:
        place = f"{self.name}.{name}".strip(".")
        return _Table(self.source, place, self._get(name, {}), known)

    def numbered(self, low: int, high: int) -> list[tuple[str, int]]:
        """Entries whose names are whole numbers in a range."""
        # As Python writes them: 036 beside 36 would be two keys in one place.
        allowed = {str(number) for number in range(low, high + 1)}
        for text in self.fields:
            if text not in allowed:
                self.fail(text, "unknown", f"whole numbers from {low} to {high}")
        return [(text, int(text)) for text in self.fields]

    def text(self, name: str, default: str | None = None) -> str:
        value = self._get(name, default, required=default is None)
        if not isinstance(value, str):
            self.fail(name, value, "text")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        value = self._get(name, default)
        if not isinstance(value, bool):
            self.fail(name, value, "true or false")
        return value

    def choice(
        self, name: str, allowed: tuple[str, ...], default: str | None = None
    ) -> str:
        value = self._get(name, default, required=default is None)
        if value not in allowed:
            self.fail(name, value, ", ".join(allowed))
        return value

    def integer(self, name: str, low: int, high: int, default: int | None) -> Any:
        value = self._get(name, default)
        if value is default:
            return default
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not low <= value <= high:
            self.fail(name, value, f"a whole number from {low} to {high}")
        return value

    def number(self, name: str, low: float, high: float, default: float) -> float:
        value = self._get(name, default)
        real = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not real or not low <= value <= high:  # not for NaN, either
            self.fail(name, value, f"a number from {low:g} to {high:g}")
        return float(value)

    def weights(self, name: str) -> dict[str, float]:
        """``"kick"`` or ``{kick = 0.7, tom = 0.3}``."""
        value = self._get(name, {})
        if isinstance(value, str):
            return {value: 1.0}
        table = _Table(self.source, f"{self.name}.{name}".strip("."), value)
        return {label: table.number(label, 0, 1, 0.0) for label in table.fields}

    def finish(self) -> None:
        """Refuse what nobody asked for: it is a slip of the pen."""
        for name in self.fields:
            if name not in self.known:
                self.fail(name, "unknown", ", ".join(sorted(self.known)))
