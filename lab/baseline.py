"""Two reports beside each other: the ratio of each figure to what it was before."""

from __future__ import annotations

from dataclasses import dataclass

from lab.report import Report
from lab.result import FIGURES


@dataclass(frozen=True)
class Change:
    """A figure before and now; ``ratio`` is None where there was nothing to divide."""

    result: str
    unit: str
    figure: str
    before: float
    now: float

    @property
    def ratio(self) -> float | None:
        """Now over before."""
        return self.now / self.before if self.before > 0 < self.now else None


def compare(
    report: Report, baseline: Report, figures: tuple[str, ...] = ("p50", "p99")
) -> list[Change]:
    """What changed in each result that both have, in the order of ``report``."""
    before = {result.name: result for result in baseline.results}
    return [
        Change(
            result.name,
            result.unit,
            figure,
            before[result.name].figures[figure],
            result.figures[figure],
        )
        for result in report.results
        if result.name in before and result.unit == before[result.name].unit
        for figure in FIGURES
        if figure in figures
        and figure in result.figures
        and figure in before[result.name].figures
    ]


def differences(report: Report, baseline: Report) -> list[str]:
    """What makes the two hard to compare: lines for a person to read."""
    lines = [
        f"{name}: {baseline.machine.get(name, 'not told')} then, {value} now"
        for name, value in report.machine.items()
        if name != "load average" and baseline.machine.get(name) != value
    ]
    if report.quick != baseline.quick:
        lines.append("one of the two was a --quick run")
    return lines
