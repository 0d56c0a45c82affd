"""``bench``: the latency lab; what the host promises, measured on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from rtaudio_dl.cli.console import console, facts, preparing

if TYPE_CHECKING:
    from lab.report import Report
    from lab.session import Session

ALL = "all"
BENCHMARKS = ("latency", "callback", "inference", "notes", "listen", "gil", "soak")
WITH_HISTOGRAM = ("latency", "gil")
BROKEN = 1  # exit status: a budget was not kept


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = "measure latency, cost and robustness on this machine"
    parser = commands.add_parser("bench", help=text, description=text)
    parser.add_argument(
        "benchmark",
        nargs="?",
        default=ALL,
        choices=(*BENCHMARKS, ALL),
        help="default: all; the soak alone takes 30 minutes, unless --quick",
    )
    parser.add_argument("--quick", action="store_true", help="rough, in a few minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="histograms")
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="compare with kept results"
    )
    parser.add_argument(
        "--budget", type=Path, metavar="FILE.toml", help="status 1 if a limit is broken"
    )
    parser.add_argument("--minutes", type=float, metavar="N", help="of the soak")
    parser.add_argument(
        "--device",
        metavar="NAME",
        help="latency: a sound card, with a cable from its output to its input",
    )
    parser.add_argument(
        "--input", type=int, default=1, metavar="N", help="the cable's end (from 1)"
    )
    parser.add_argument(
        "--clips",
        type=Path,
        metavar="FOLDER",
        help="listen: recordings of words, in a folder for each",
    )
    parser.add_argument(
        "--no-peers", action="store_true", help="measure this program only"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, show, keep, judge."""
    from lab.budget import read_budget
    from lab.report import read_report, write_report
    from lab.run import run_benchmarks

    # What is wrong with a file is said before minutes are spent.
    _check_targets(options)
    limits = read_budget(options.budget) if options.budget else ()
    baseline = read_report(options.baseline) if options.baseline else None
    names = BENCHMARKS if options.benchmark == ALL else (options.benchmark,)
    with _session(options) as session:
        report = run_benchmarks(names, session)
    _show(report)
    if options.json:
        write_report(options.json, report)
    if options.plot:
        _plot(options.plot, report)
    if baseline:
        _compare(report, baseline)
    return _judge(report, limits)


def _check_targets(options: argparse.Namespace) -> None:
    from lab.errors import BenchError
    from lab.plots import check_picture

    if options.input < 1:
        raise BenchError(f"--input is {options.input}; allowed: 1 and more")
    for path in (options.json, options.plot):
        if path and not path.parent.is_dir():
            raise BenchError(f"{path}: there is no folder {path.parent}; make it first")
    if options.plot:
        check_picture(options.plot)
        if options.benchmark not in (*WITH_HISTOGRAM, ALL):
            raise BenchError(
                f"{options.benchmark} has no histogram to plot; "
                f"these have: {', '.join(WITH_HISTOGRAM)}"
            )


@contextmanager
def _session(options: argparse.Namespace) -> Iterator[Session]:
    """A run whose progress is shown."""
    with preparing():
        from lab.session import Session
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield Session(
            quick=options.quick,
            peers=not options.no_peers,
            clips=options.clips,
            minutes=options.minutes,
            device=options.device,
            channel=options.input - 1,
            progress=lambda what, part: bar.update(
                task, description=what, completed=part
            ),
        )


def _show(report: Report) -> None:
    from lab.tables import result_tables

    for table in result_tables(report.results):
        console.print(table)
    for note in report.notes:
        console.print(note, style="dim")
    console.print(facts("Measured on", list(report.machine.items())))


def _plot(path: Path, report: Report) -> None:
    from lab.plots import draw_report

    draw_report(path, report.results, f"rtaudio-dl bench, {report.created}")


def _compare(report: Report, baseline: Report) -> None:
    from lab.baseline import compare, differences
    from lab.tables import baseline_table

    for line in differences(report, baseline):
        console.print(f"not the same: {line}", style="yellow")
    console.print(baseline_table(compare(report, baseline)))


def _judge(report: Report, limits: tuple) -> int:
    from lab.budget import judge
    from lab.tables import budget_table

    verdicts = judge(report.results, limits)
    if limits:
        console.print(budget_table(verdicts))
    return 0 if all(verdict.kept for verdict in verdicts) else BROKEN
