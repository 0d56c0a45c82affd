"""One measured quantity: its percentiles, how many samples they stand on, and facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PERCENTILES = {"p50": 50, "p95": 95, "p99": 99}
FIGURES = ("min", *PERCENTILES, "max")


@dataclass(frozen=True)
class Result:
    """A quantity: ``group/what``, its unit, its figures (none where nothing was heard).

    ``facts`` are numbers, texts or None beside it; ``values`` the samples themselves,
    where a histogram is wanted.
    """

    name: str
    unit: str
    figures: dict[str, float]
    samples: int
    facts: dict[str, Any] = field(default_factory=dict)
    values: tuple[float, ...] = ()

    @property
    def group(self) -> str:
        """The benchmark that it belongs to."""
        return self.name.partition("/")[0]

    @property
    def what(self) -> str:
        """Its name within the group."""
        return self.name.partition("/")[2]

    def number(self, name: str) -> float | None:
        """A figure or a numeric fact by name; None where there is none."""
        value = self.figures.get(name, self.facts.get(name))
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return float(value) if is_number else None


def summarize(
    name: str,
    unit: str,
    samples: Iterable[float],
    facts: dict[str, Any] | None = None,
    keep: bool = False,
) -> Result:
    """The result of some samples; ``keep`` keeps them for a histogram.

    A percentile is the least sample that so many per cent do not exceed: always a value
    that was seen, never one between two.
    """
    values = np.asarray(list(samples), np.float64)
    return Result(
        name,
        unit,
        _figures(values),
        len(values),
        facts or {},
        tuple(values.tolist()) if keep else (),
    )


def latency_result(
    name: str,
    latencies: Iterable[float],
    facts: dict[str, Any],
    rate: int,
    period: int,
) -> Result:
    """Latencies in frames with their jitter; ``rate`` in Hz, ``period`` in frames."""
    result = summarize(f"latency/{name}", "frames", latencies, facts, keep=True)
    result.facts.update(sample_rate=rate, period=period)
    if result.samples:
        figures = result.figures
        result.facts["jitter"] = figures["max"] - figures["min"]
        result.facts["p99_ms"] = 1e3 * figures["p99"] / rate
    return result


def _figures(values: np.ndarray) -> dict[str, float]:
    if not len(values):
        return {}
    percentiles = np.percentile(
        values, list(PERCENTILES.values()), method="inverted_cdf"
    )
    seen = (values.min(), *percentiles, values.max())
    return {name: float(value) for name, value in zip(FIGURES, seen, strict=True)}
