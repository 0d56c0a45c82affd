"""Results and reports that nobody measured, for tests of what is done with them."""

from lab.report import Report
from lab.result import summarize


def result(name="latency/ours, asap", values=(1.0, 2.0, 3.0), unit="frames", **facts):
    return summarize(name, unit, values, facts, keep=True)


def report(*results, machine=None, **fields):
    machine = {"processor": "abacus"} if machine is None else machine
    return Report(results or (result(),), machine, created="2026-01-01", **fields)
