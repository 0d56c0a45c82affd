"""One run of the lab: the benchmarks that were asked for, and the report of them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from lab.machine import describe_machine
from lab.report import Report
from lab.result import Result
from lab.session import Session
from rtaudio_dl.errors import RtaudioError

BENCHMARKS = ("latency", "callback", "inference", "notes", "listen", "gil", "soak")


def run_benchmarks(names: Sequence[str], session: Session) -> Report:
    """Run benchmarks in turn; one that cannot run here becomes a note.

    Raises RtaudioError if none could.
    """
    machine = describe_machine()  # now: the load average is to be that of before
    results: list[Result] = []
    failed: RtaudioError | None = None
    for name in names:
        try:
            # Each is imported when it runs: `callback` needs no JACK.
            benchmark = import_module(f"lab.{name}")
            results += benchmark.measure(session)
        except RtaudioError as error:
            failed = error
            session.note(f"{name}: not measured: {error}")
    if failed is not None and not results:
        raise failed
    return Report(tuple(results), machine, tuple(session.notes), session.quick)
