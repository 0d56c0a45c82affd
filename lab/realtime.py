"""Measuring on a thread like the ones that the figures are about."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import get_native_id
from typing import TypeVar

from lab.session import Session
from rtaudio_dl.core.priority import raise_priority

T = TypeVar("T")
_REST = 0.5  # of the time that was measured before


def in_real_time(session: Session, what: str, measure: Callable[[], T]) -> T:
    """Measure on a thread with real-time priority; a note says where it was refused."""
    with ThreadPoolExecutor(1) as thread:
        refused = thread.submit(lambda: raise_priority(get_native_id())).result()
        if refused:
            session.note(f"{what}: measured without real-time priority: {refused}")
        return thread.submit(measure).result()


@contextmanager
def round_of_work() -> Iterator[None]:
    """Measure for less than half a second, then rest.

    Linux stops a thread that keeps its real-time priority busy for a whole second.
    """
    began = time.perf_counter()
    yield
    time.sleep(_REST * (time.perf_counter() - began))
