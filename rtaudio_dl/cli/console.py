"""What all commands print through, and the words while the engine is made ready."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from rtaudio_dl.core.lifetime import start_thread

console = Console(highlight=False)
_aside = Console(highlight=False, stderr=True)  # what no program should have to read
_PATIENCE_SECONDS = 2.0


@contextmanager
def preparing() -> Iterator[None]:
    """Around the first use of the engine: say so if it has to be compiled."""
    done = threading.Event()

    def explain() -> None:
        if not done.wait(_PATIENCE_SECONDS):
            _aside.print(
                "compiling the engine for this processor: half a minute, and only at "
                "the first start …",
                style="dim",
            )

    thread = start_thread(explain, "compiling")
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM ends as Ctrl-C does: notes end, the recording is complete."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def facts(title: str, rows: list[tuple[str, str]]) -> Table:
    """A table of two columns: what, and its value."""
    table = Table(title=title, show_header=False, title_justify="left")
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table
