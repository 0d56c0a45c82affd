"""Tests that the machine does not let be: tried again, then given up, but counted.

A server that misses its deadlines because something else has the processors tells
nothing about us. But where that happens often, a session has tested little: it fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

Result = TypeVar("Result")

ATTEMPTS = 5
MOST_GIVEN_UP = 3  # tests of a session
REASON = "the machine is too busy for a JACK server to keep its time"


def undisturbed(probe, run: Callable[[], Result], attempts: int = ATTEMPTS) -> Result:
    """What a run of a `JackProbe` gave in which the server and its clients kept time.

    Gives the test up if there is none.
    """
    for _ in range(attempts):
        result = run()
        if not (probe.gaps or probe.xruns or probe.late):
            return result
    pytest.skip(REASON)


class GivenUp:
    """A plugin: the session fails if more than a few tests were given up."""

    def __init__(self) -> None:
        self.tests: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and REASON in str(report.longrepr):
            self.tests.append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        # A process of xdist tells its reports to the one that counts them all.
        alone = not hasattr(session.config, "workerinput")
        if alone and len(self.tests) > MOST_GIVEN_UP:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter) -> None:
        if self.tests:
            terminalreporter.section(f"given up ({MOST_GIVEN_UP} at most): {REASON}")
            for test in self.tests:
                terminalreporter.line(test)
