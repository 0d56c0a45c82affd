"""Budgets: limits on results, from a TOML file, and which of them a run broke."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lab.errors import BenchError
from lab.result import Result

MAX_BYTES = 1 << 20
_FIELDS = ("result", "figure", "at_most", "at_least", "why")


@dataclass(frozen=True)
class Limit:
    """A bound on one figure or numeric fact of every result whose name matches.

    ``result`` is a pattern with ``*`` and ``?``; at least one bound is given.
    """

    result: str
    figure: str
    at_most: float | None = None
    at_least: float | None = None
    why: str = ""

    def holds(self, value: float) -> bool:
        """Whether a value is within the bounds."""
        above = self.at_most is not None and value > self.at_most
        below = self.at_least is not None and value < self.at_least
        return not above and not below

    @property
    def allowed(self) -> str:
        """The bounds, to be read."""
        bounds = (("at most", self.at_most), ("at least", self.at_least))
        return ", ".join(f"{word} {n:g}" for word, n in bounds if n is not None)


@dataclass(frozen=True)
class Verdict:
    """One limit held against one result; ``value`` is None where none was measured."""

    limit: Limit
    result: str
    value: float | None

    @property
    def kept(self) -> bool:
        """Whether it holds: a figure that is missing breaks its limit."""
        return self.value is not None and self.limit.holds(self.value)


def read_budget(path: Path) -> tuple[Limit, ...]:
    """Read a budget file. Raises BenchError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BenchError(f"{path} is larger than the {MAX_BYTES} bytes allowed")
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BenchError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BenchError(f"{path} is not TOML: {error}") from None
    return parse_budget(fields, str(path))


def parse_budget(fields: dict[str, Any], source: str) -> tuple[Limit, ...]:
    """Check a parsed budget: a list of tables ``[[limit]]``, and nothing else."""
    rows = fields.get("limit")
    if set(fields) != {"limit"} or not isinstance(rows, list) or not rows:
        raise BenchError(
            f"{source} has {', '.join(fields) or 'nothing'}; allowed: [[limit]] tables"
        )
    return tuple(_limit(row, f"{source}, limit {i + 1}") for i, row in enumerate(rows))


def _limit(row: Any, source: str) -> Limit:
    row = row if isinstance(row, dict) else {}
    unknown = [name for name in row if name not in _FIELDS]
    if unknown:
        raise BenchError(
            f"{source}: {', '.join(unknown)} is unknown; allowed: {', '.join(_FIELDS)}"
        )
    for name in ("result", "figure"):
        if not isinstance(row.get(name), str):
            raise BenchError(f"{source}: {name} is {row.get(name)!r}; allowed: a text")
    bounds = [row[name] for name in ("at_most", "at_least") if name in row]
    if not bounds or any(type(bound) not in (int, float) for bound in bounds):
        raise BenchError(
            f"{source}: bounds are {bounds}; give at_most, at_least or both, as numbers"
        )
    return Limit(**row)


def judge(results: Iterable[Result], limits: Iterable[Limit]) -> list[Verdict]:
    """Hold results against limits; a limit on what was not run says nothing."""
    results = list(results)
    return [
        Verdict(limit, result.name, result.number(limit.figure))
        for limit in limits
        for result in results
        if fnmatchcase(result.name, limit.result)
    ]
