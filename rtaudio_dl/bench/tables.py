"""Results, budgets and baselines as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from rich.table import Table
from rich.text import Text

from rtaudio_dl.bench.baseline import Change
from rtaudio_dl.bench.budget import Verdict
from rtaudio_dl.bench.result import FIGURES, Result

# Facts that get a column of their own, by group; all the others are in the JSON.
COLUMNS = {
    "latency": ("reported", "jitter", "missed"),
    "callback": ("p99_percent", "strike_max", "verdict"),
    "inference": ("times_real_time", "ratio_to_bare"),
    "gil": ("xruns", "overruns", "late", "missed"),
}
TITLES = {
    "latency": "Latency: MIDI to the first frame of the sound, and round trip",
    "callback": "Callback: cost of process_block",
    "inference": "Inference: time of one sound",
    "gil": "GIL: MIDI to sound while the interpreter is busy",
    "soak": "Soak",
}
_SIGNIFICANT = 4


def result_tables(results: Sequence[Result]) -> list[Table]:
    """One table for each group of results, in the order in which they come."""
    return [_table(group, list(rows)) for group, rows in groupby(results, _group)]


def _group(result: Result) -> str:
    return result.group


def _table(group: str, results: list[Result]) -> Table:
    if not any(result.figures for result in results):
        return _facts_table(group, results)
    table = Table(title=TITLES.get(group, group), title_justify="left")
    table.add_column("what", overflow="fold")
    facts = COLUMNS.get(group, ())
    for name in ("unit", *FIGURES, "n", *facts):
        table.add_column(name.replace("_", " "), justify="right")
    for result in results:
        table.add_row(
            result.what,
            result.unit,
            *(number(result.figures.get(name)) for name in FIGURES),
            str(result.samples),
            *(number(result.facts.get(name)) for name in facts),
        )
    return table


def _facts_table(group: str, results: list[Result]) -> Table:
    """Results without figures of their own, side by side: one line for each fact."""
    table = Table(title=TITLES.get(group, group), title_justify="left")
    table.add_column("")
    for result in results:
        table.add_column(result.what, justify="right")
    for name in dict.fromkeys(name for result in results for name in result.facts):
        values = (number(result.facts.get(name)) for result in results)
        table.add_row(name.replace("_", " "), *values)
    return table


def number(value: Any) -> str:
    """A value in few digits; ``–`` where there is none."""
    if value is None:
        return "–"
    if isinstance(value, float):
        whole = value.is_integer() or abs(value) >= 10**_SIGNIFICANT
        return f"{value:.0f}" if whole else f"{value:.{_SIGNIFICANT}g}"
    return str(value)


def budget_table(verdicts: Iterable[Verdict]) -> Table:
    """Each limit that had something to say, and whether it was kept."""
    table = Table(title="Budget", title_justify="left")
    for name in ("result", "figure", "allowed", "measured", ""):
        table.add_column(name, overflow="fold")
    for verdict in verdicts:
        kept = Text("kept", "green") if verdict.kept else Text("broken", "bold red")
        measured = "not measured" if verdict.value is None else number(verdict.value)
        limit = verdict.limit
        table.add_row(verdict.result, limit.figure, limit.allowed, measured, kept)
    return table


def baseline_table(changes: Iterable[Change]) -> Table:
    """Each figure before and now, and their ratio."""
    table = Table(title="Against the baseline", title_justify="left")
    table.add_column("result", overflow="fold")
    for name in ("unit", "figure", "before", "now", "ratio"):
        table.add_column(name, justify="right")
    for change in changes:
        ratio = "–" if change.ratio is None else f"{change.ratio:.2f} ×"
        values = number(change.before), number(change.now)
        table.add_row(change.result, change.unit, change.figure, *values, ratio)
    return table
