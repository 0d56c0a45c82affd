"""Ctrl-C and termination that wait for the end of a step, so that no state is torn."""

from __future__ import annotations

import signal
import threading


class Interrupt:
    """Entered, SIGINT and SIGTERM set ``asked``; a second Ctrl-C does not wait."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Interrupt:
        # Python lets the main thread only set handlers; elsewhere signals stay as is.
        if threading.current_thread() is threading.main_thread():
            self._before = {s: signal.signal(s, self._ask) for s in self.SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _: object) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True
