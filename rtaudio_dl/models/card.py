"""The card: what a model says of itself, as JSON inside its ONNX file or beside it.

A card is untrusted input: everything is checked here, once, so that the rest of
the program may rely on it. The fields are described in ARCHITECTURE.md.
"""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rtaudio_dl.core.parameters import Parameter
from rtaudio_dl.errors import ModelError, shown
from rtaudio_dl.models.parameters import read_parameters, to_table

SCHEMA = 1
METADATA_KEY = "rtaudio_dl.card"
KINDS = ("oneshot", "note", "stream", "effect", "classifier", "encoder")
ROLES = (
    "latent",
    "pitch",
    "velocity",
    "class",
    "audio",
    "control",
    "state",
    "scores",
)
DTYPES = ("float32", "int32", "int64")
SAMPLE_RATE_RANGE = (4_000, 192_000)  # Hz
MAX_CARD_BYTES = 1 << 20
MAX_TENSORS = 64
MAX_RANK = 4
MAX_DIMENSION = 1 << 24
MAX_LABELS = 4096
MAX_VALUE = 2**31 - 1  # of a constant: every dtype holds it

# What each kind must at least take and give, by role.
REQUIRED_ROLES = {
    "oneshot": ({"latent"}, {"audio"}),
    "note": ({"latent", "pitch"}, {"audio"}),
    "stream": ({"state"}, {"audio", "state"}),
    "effect": ({"audio"}, {"audio"}),
    "classifier": ({"audio"}, {"scores"}),
    "encoder": ({"audio"}, {"latent"}),
}


@dataclass(frozen=True)
class Tensor:
    """One input or output: its name in the graph, its role, its shape.

    ``shape`` holds an int for a fixed dimension and a name (``"B"``) for a free one.
    ``value`` is what a ``control`` is always given (its rate, a mode); None: a player
    moves it.
    """

    name: str
    role: str
    shape: tuple[int | str, ...]
    dtype: str = "float32"
    value: float | None = None

    def size(self) -> int:
        """Number of elements with every free dimension at 1."""
        return math.prod(d for d in self.shape if isinstance(d, int))


@dataclass(frozen=True)
class Card:
    """A model's description of itself.

    ``sample_rate`` is in Hz, ``root_key`` a MIDI note (0..127) at which the sound plays
    unshifted (None: the model has no pitch of its own), ``labels`` are in index order,
    ``metrics`` maps a name to a number, a text or a nested mapping; ``parameters`` are
    those of its own that a player moves, by id; fields that this version does not know
    are kept in ``extra``.
    """

    name: str
    kind: str
    sample_rate: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    labels: tuple[str, ...] = ()
    root_key: int | None = None
    license: str = ""
    data: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    created: str = ""
    schema: int = SCHEMA
    parameters: dict[str, Parameter] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def input(self, role: str, name: str | None = None) -> Tensor | None:
        """The first input with a role (and a name, if one is given), or None."""
        found = (t for t in self.inputs if t.role == role and name in (None, t.name))
        return next(found, None)

    def output(self, role: str) -> Tensor | None:
        """The first output with a role, or None."""
        return next((t for t in self.outputs if t.role == role), None)

    def to_json(self) -> str:
        """The card as JSON text; `from_json` gives the same card back."""
        fields = asdict(self)
        extra = fields.pop("extra")
        fields["parameters"] = to_table(self.parameters)
        if not self.parameters:
            del fields["parameters"]
        for tensor in (*fields["inputs"], *fields["outputs"]):
            if tensor["value"] is None:
                del tensor["value"]
        return json.dumps(fields | extra, indent=1, sort_keys=True)


def from_json(text: str, source: str) -> Card:
    """Read a card from JSON; ``source`` names it in errors.

    Raises ModelError for anything that is not a well-formed card.
    """
    if len(text) > MAX_CARD_BYTES:
        raise ModelError(
            f"{source}: card has {len(text)} bytes, at most {MAX_CARD_BYTES} allowed"
        )
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: a number of 5000 digits
        raise ModelError(f"{source}: card is not JSON: {error}") from None
    return from_mapping(fields, source)


def from_sidecar(path: Path) -> Card:
    """Read ``NAME.card.json`` or ``NAME.card.toml``, for a foreign ONNX file."""
    if path.stat().st_size > MAX_CARD_BYTES:
        raise ModelError(f"{path}: larger than the {MAX_CARD_BYTES} bytes allowed")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ModelError(f"{path}: card is not UTF-8 text") from None
    if path.suffix != ".toml":
        return from_json(text, str(path))
    try:
        fields = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: card is not TOML: {error}") from None
    return from_mapping(fields, str(path))


def from_mapping(fields: Any, source: str) -> Card:
    """Check a parsed card and freeze it."""
    check = Checker(source)
    if not isinstance(fields, dict):
        check.fail("card", type(fields).__name__, "a mapping of fields")
    fields = dict(fields)
    schema = fields.pop("schema", None)
    if schema != SCHEMA:
        check.fail("schema", schema, f"{SCHEMA}; a newer rtaudio_dl may read it")
    kind = check.choice("kind", fields.pop("kind", None), KINDS)
    card = Card(
        name=check.text("name", fields.pop("name", None), required=True),
        kind=kind,
        sample_rate=check.integer(
            "sample_rate", fields.pop("sample_rate", None), *SAMPLE_RATE_RANGE
        ),
        inputs=check.tensors("inputs", fields.pop("inputs", None)),
        outputs=check.tensors("outputs", fields.pop("outputs", None)),
        labels=check.labels(fields.pop("labels", ())),
        root_key=check.root_key(fields.pop("root_key", None)),
        license=check.text("license", fields.pop("license", "")),
        data=check.text("data", fields.pop("data", "")),
        metrics=check.mapping("metrics", fields.pop("metrics", {})),
        created=check.text("created", fields.pop("created", "")),
        parameters=read_parameters(check, fields.pop("parameters", {})),
        extra=fields,
    )
    check.roles(card)
    return card


class Checker:
    """Checks values of one card; every failure names the file and the field."""

    def __init__(self, source: str):
        self.source = source

    def fail(self, name: str, value: Any, allowed: str) -> None:
        raise ModelError(f"{self.source}: {name} is {shown(value)}; allowed: {allowed}")

    def text(self, name: str, value: Any, required: bool = False) -> str:
        if not isinstance(value, str) or (required and not value):
            self.fail(name, value, "text")
        return value

    def choice(self, name: str, value: Any, allowed: tuple[str, ...]) -> str:
        if value not in allowed:
            self.fail(name, value, ", ".join(allowed))
        return value

    def integer(self, name: str, value: Any, low: int, high: int) -> int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not low <= value <= high:
            self.fail(name, value, f"a whole number from {low} to {high}")
        return value

    def number(self, name: str, value: Any, low: float, high: float) -> float:
        real = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not real or not low <= value <= high:  # not for NaN, either
            self.fail(name, value, f"a number from {low:g} to {high:g}")
        return float(value)

    def mapping(self, name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.fail(name, value, "a mapping")
        return value

    def labels(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple)) or len(value) > MAX_LABELS:
            self.fail("labels", value, f"a list of at most {MAX_LABELS} texts")
        return tuple(self.text(f"labels[{i}]", v, True) for i, v in enumerate(value))

    def root_key(self, value: Any) -> int | None:
        return None if value is None else self.integer("root_key", value, 0, 127)

    def tensors(self, name: str, value: Any) -> tuple[Tensor, ...]:
        if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= MAX_TENSORS:
            self.fail(name, value, f"a list of 1 to {MAX_TENSORS} tensors")
        tensors = tuple(self.tensor(f"{name}[{i}]", v) for i, v in enumerate(value))
        if len({t.name for t in tensors}) != len(tensors):
            self.fail(name, [t.name for t in tensors], "each name once")
        return tensors

    def tensor(self, name: str, value: Any) -> Tensor:
        if not isinstance(value, dict):
            self.fail(name, value, "a mapping with name, role, shape and dtype")
        shape = value.get("shape")
        if not isinstance(shape, (list, tuple)) or not len(shape) <= MAX_RANK:
            self.fail(f"{name}.shape", shape, f"a list of at most {MAX_RANK}")
        tensor = Tensor(
            name=self.text(f"{name}.name", value.get("name"), required=True),
            role=self.choice(f"{name}.role", value.get("role"), ROLES),
            shape=tuple(self.dimension(f"{name}.shape", d) for d in shape),
            dtype=self.choice(f"{name}.dtype", value.get("dtype", "float32"), DTYPES),
            value=value.get("value"),
        )
        if tensor.size() > MAX_DIMENSION:
            self.fail(f"{name}.shape", shape, f"at most {MAX_DIMENSION} elements")
        if tensor.value is not None:
            self.constant(f"{name}.value", tensor)
        return tensor

    def constant(self, name: str, tensor: Tensor) -> None:
        value = tensor.value
        if tensor.role != "control":
            self.fail(name, value, "none, unless the role is control")
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not abs(value) <= MAX_VALUE:
            self.fail(name, value, f"a number up to {MAX_VALUE:g}")
        if tensor.dtype != "float32" and value != int(value):
            self.fail(name, value, f"a whole number, as the input is {tensor.dtype}")

    def dimension(self, name: str, value: Any) -> int | str:
        if isinstance(value, str):
            return self.text(name, value, required=True)
        return self.integer(name, value, 1, MAX_DIMENSION)

    def roles(self, card: Card) -> None:
        needs = zip(
            REQUIRED_ROLES[card.kind],
            ("inputs", "outputs"),
            (card.inputs, card.outputs),
            strict=True,
        )
        for roles, name, tensors in needs:
            missing = roles - {t.role for t in tensors}
            if missing:
                have = ", ".join(t.role for t in tensors)
                self.fail(
                    f"{name} of kind {card.kind}",
                    have,
                    f"roles that include {', '.join(sorted(missing))}",
                )
