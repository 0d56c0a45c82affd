"""The table ``parameters`` of a card: what a model lets a player move, by id.

    [parameters.drive]
    name = "Drive"            # for people; default: the id
    low = 0
    high = 24
    default = 6
    unit = "dB"
    curve = "linear"          # of a MIDI control: linear, gain or cubic
    smoothing = 0.02          # s, time constant; default: 0, at once

Their numbers follow those of every instrument, in the order of their ids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rtaudio_dl.core.parameters import CURVES, INSTRUMENT, Parameter

if TYPE_CHECKING:
    from rtaudio_dl.models.card import Checker

MAX_PARAMETERS = 16
MAX_NAME = 64  # characters
_ID = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_LARGEST = 1e6
_MAX_SMOOTHING = 10.0  # s
_FIELDS = ("name", "low", "high", "default", "unit", "curve", "smoothing")


def read_parameters(check: Checker, value: Any) -> dict[str, Parameter]:
    """Check the table; whatever its order, the parameters are in that of their ids."""
    table = check.mapping("parameters", value)
    if len(table) > MAX_PARAMETERS:
        check.fail("parameters", len(table), f"at most {MAX_PARAMETERS} of them")
    for name in table:
        if not isinstance(name, str) or not _ID.fullmatch(name):
            allowed = "an id of a-z, 0-9 and _ that begins with a letter"
            check.fail("parameters", name, allowed)
        if name in INSTRUMENT:
            allowed = f"another id: every instrument has {', '.join(INSTRUMENT)}"
            check.fail("parameters", name, allowed)
    return {name: _parameter(check, name, table[name]) for name in sorted(table)}


def _parameter(check: Checker, name: str, value: Any) -> Parameter:
    place = f"parameters.{name}"
    fields = check.mapping(place, value)
    for field in fields:
        if field not in _FIELDS:
            check.fail(f"{place}.{field:.80}", "unknown", ", ".join(_FIELDS))

    def number(field: str, low: float, high: float, default: float | None) -> float:
        return check.number(f"{place}.{field}", fields.get(field, default), low, high)

    low = number("low", -_LARGEST, _LARGEST, None)
    high = number("high", low, _LARGEST, None)
    curve = check.choice(f"{place}.curve", fields.get("curve", "linear"), tuple(CURVES))
    if not low < high or (curve != "linear" and low < 0):
        allowed = "more than low; only a linear curve goes below 0"
        check.fail(f"{place}.high", high, allowed)
    return Parameter(
        low=low,
        high=high,
        default=number("default", low, high, low),
        meaning=_text(check, f"{place}.name", fields.get("name", name)),
        unit=_text(check, f"{place}.unit", fields.get("unit", "")),
        curve=curve,
        scale=high,
        smoothing=number("smoothing", 0.0, _MAX_SMOOTHING, 0.0),
    )


def _text(check: Checker, name: str, value: Any) -> str:
    if len(check.text(name, value)) > MAX_NAME:
        check.fail(name, value, f"at most {MAX_NAME} characters")
    return value


def to_table(parameters: dict[str, Parameter]) -> dict[str, dict[str, Any]]:
    """The table that `read_parameters` makes the same parameters of."""
    return {
        name: {
            "name": p.meaning,
            **{"low": p.low, "high": p.high, "default": p.default},
            **{"unit": p.unit, "curve": p.curve, "smoothing": p.smoothing},
        }
        for name, p in parameters.items()
    }
