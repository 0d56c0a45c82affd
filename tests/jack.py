"""A real JACK server for tests, and a probe: those of the latency lab."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.jack_probe import JackProbe
from lab.jack_server import PERIOD, RATE, JackServer, missing

__all__ = [
    "PERIOD",
    "RATE",
    "ROOT",
    "JackProbe",
    "JackServer",
    "lines_of",
    "missing",
    "until",
]

ROOT = Path(__file__).parents[1]
_ANSWER_SECONDS = 20.0


def until(condition, seconds: float = _ANSWER_SECONDS):
    """The first true value of a condition; it is asked until then, or fails."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return value


@contextmanager
def lines_of(server: JackServer, script: str) -> Iterator[Callable[[str], None]]:
    """Run a Python script as a client of a server; gives what waits for its words.

    That function reads lines up to one that has the words, and fails where the script
    ends before.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        env=dict(os.environ) | server.environment,
        cwd=ROOT,
        text=True,
    )

    def wait_for(words: str) -> None:
        for line in process.stdout:
            if words in line:
                return
        raise AssertionError(f"ended before it said {words!r}")

    try:
        yield wait_for
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
