"""All results of one run with the machine they hold for, as JSON with a schema."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.errors import BenchError
from lab.result import FIGURES, Result
from rtaudio_dl.files.atomic import write_whole

SCHEMA = 1
MAX_BYTES = 64 << 20
_DIGITS = 6  # of a number in the file: below what any clock here can tell apart


@dataclass(frozen=True)
class Report:
    """Results, notes on what was left out and why, and the machine.

    ``created`` is an ISO 8601 time; ``quick`` tells a short run from a full one.
    """

    results: tuple[Result, ...]
    machine: dict[str, str]
    notes: tuple[str, ...] = ()
    quick: bool = False
    created: str = field(
        default_factory=lambda: datetime.now(UTC).isoformat("T", "seconds")
    )

    def to_json(self) -> str:
        """JSON text, from which `from_json` makes the same report to six digits."""
        return json.dumps({"schema": SCHEMA} | _rounded(asdict(self)), indent=1)


def write_report(path: Path, report: Report) -> None:
    """Write a report, whole or not at all."""
    try:
        write_whole(path, f"{report.to_json()}\n".encode())
    except OSError as error:
        raise BenchError(
            f"{path} cannot be written: {error.strerror}; choose another place"
        ) from None


def read_report(path: Path) -> Report:
    """Read what `write_report` wrote. Raises BenchError for anything else."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BenchError(f"{path} is larger than the {MAX_BYTES} bytes allowed")
        return from_json(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise BenchError(
            f"{path} cannot be read: {error.strerror}; write one with --json"
        ) from None
    except UnicodeDecodeError:
        raise BenchError(f"{path} is not UTF-8 text") from None


def from_json(text: str, source: str) -> Report:
    """Check a report's JSON; ``source`` names it in errors."""
    try:
        fields = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BenchError(f"{source} is not JSON: {error}") from None
    if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
        found = fields.get("schema") if isinstance(fields, dict) else type(fields)
        raise BenchError(
            f"{source}: schema is {found!r}; allowed: {SCHEMA}; measure it anew"
        )
    machine = _typed(fields, "machine", dict, source)
    notes = _typed(fields, "notes", list, source)
    return Report(
        results=tuple(
            _result(row, source) for row in _typed(fields, "results", list, source)
        ),
        machine={str(name): str(value) for name, value in machine.items()},
        notes=tuple(str(note) for note in notes),
        quick=_typed(fields, "quick", bool, source),
        created=_typed(fields, "created", str, source),
    )


def _result(row: Any, source: str) -> Result:
    if not isinstance(row, dict):
        raise BenchError(f"{source}: a result is {row!r:.80}; allowed: a mapping")
    figures = _typed(row, "figures", dict, source)
    if not set(figures) <= set(FIGURES):
        raise BenchError(
            f"{source}: figures are {', '.join(figures)}; allowed: {', '.join(FIGURES)}"
        )
    return Result(
        name=_typed(row, "name", str, source),
        unit=_typed(row, "unit", str, source),
        figures={name: _number(value, source) for name, value in figures.items()},
        samples=_typed(row, "samples", int, source),
        facts=_typed(row, "facts", dict, source),
        values=tuple(
            _number(value, source) for value in _typed(row, "values", list, source)
        ),
    )


def _typed(fields: dict, name: str, kind: type, source: str) -> Any:
    value = fields.get(name)
    if not isinstance(value, kind):
        raise BenchError(
            f"{source}: {name} is {value!r:.80}; allowed: a {kind.__name__}"
        )
    return value


def _number(value: Any, source: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BenchError(f"{source}: {value!r:.80} is not a number")
    return float(value)


def _rounded(value: Any) -> Any:
    """The same tree with short numbers; JSON has no word for NaN and infinity."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    return value
