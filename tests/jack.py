"""A real JACK server for tests, and a probe: those of the latency lab."""

from __future__ import annotations

import time
from pathlib import Path

from rtaudio_dl.bench.jack_probe import JackProbe
from rtaudio_dl.bench.jack_server import PERIOD, RATE, JackServer, missing

__all__ = ["PERIOD", "RATE", "ROOT", "JackProbe", "JackServer", "missing", "until"]

ROOT = Path(__file__).parents[1]
_ANSWER_SECONDS = 20.0


def until(condition, seconds: float = _ANSWER_SECONDS):
    """The first true value of a condition; it is asked until then, or fails."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return value
