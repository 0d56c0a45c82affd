"""Results, budgets and baselines as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from lab.baseline import Change
from lab.budget import Verdict
from lab.result import FIGURES, Result

# What a table shows of a group's results; all else is in the JSON.
COLUMNS = {
    "latency": ("p50", "p95", "p99", "max", "jitter", "reported", "missed"),
    "callback": ("p50", "p99", "max", "p99_percent", "strike_max"),
    "inference": ("p50", "p99", "max", "times_real_time", "ratio_to_bare"),
    "notes": ("p50", "p99", "max", "core_percent", "audio_percent"),
    "keys": ("p50", "p99", "max", "p99_ms", "reported", "missed", "late_hops"),
    "gil": ("p50", "p99", "max", "xruns", "overruns", "late", "missed"),
    "listen": ("p50", "p95", "max", "right", "wrong", "missed", "extra"),
}
TITLES = {
    "latency": "Latency: MIDI to the first frame of the sound",
    "callback": "Callback: cost of process_block",
    "breaks": "Callback: voices at which p99 passes the period",
    "inference": "Inference: time of one sound",
    "notes": "Notes: cost of a block, audio and inference together",
    "keys": "Notes: MIDI to the first frame of the sound",
    "sweep": "Notes: a pad swept under held notes",
    "gil": "GIL: from MIDI to sound while the interpreter is busy",
    "listen": "Listening: words, strokes, one run of the model",
    "cost": "Listening: what it costs",
    "soak": "Soak: random MIDI, model swaps, recording",
}
_SIGNIFICANT = 4
_NAME_WIDTH = 16  # of a result's name, at least


def result_tables(results: Sequence[Result]) -> list[Table]:
    """One table for each group of results, in the order in which they come."""
    return [_table(group, list(rows)) for group, rows in groupby(results, _group)]


def _group(result: Result) -> str:
    return result.group


def _table(group: str, results: list[Result]) -> Table:
    if not any(result.figures for result in results):
        return _facts_table(group, results)
    title = f"{TITLES.get(group, group)}, {results[0].unit}"
    # Few lines: ten columns are to fit a terminal of 80 characters.
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", overflow="fold", min_width=_NAME_WIDTH)
    columns = (*COLUMNS.get(group, FIGURES), "n")
    for name in columns:
        table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    for result in results:
        numbers = result.facts | result.figures | {"n": result.samples}
        table.add_row(result.what, *(number(numbers.get(name)) for name in columns))
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
        whole = value.is_integer() or abs(value) >= 10 ** (_SIGNIFICANT - 1)
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
