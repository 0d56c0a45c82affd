"""Measuring on a thread like the ones that the figures are about."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import get_native_id
from typing import TypeVar

from rtaudio_dl.bench.session import Session
from rtaudio_dl.priority import raise_priority

T = TypeVar("T")


def in_real_time(session: Session, what: str, measure: Callable[[], T]) -> T:
    """Measure on a thread with real-time priority; a note says where it was refused."""
    with ThreadPoolExecutor(1) as thread:
        refused = thread.submit(lambda: raise_priority(get_native_id())).result()
        if refused:
            session.note(f"{what}: measured without real-time priority: {refused}")
        return thread.submit(measure).result()
