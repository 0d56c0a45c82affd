"""How threads begin, and how things end: in this order, whatever fails.

Native code reaches memory that Python frees. So nothing may be taken for running that
did not start, and no failure may keep what comes after it from being ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rtaudio_dl.errors import EngineError


def start_thread(
    target: Callable[..., object], name: str, *arguments: Any
) -> threading.Thread:
    """A daemon thread that runs already; whoever keeps it can join it.

    Raises EngineError where the system gives none.
    """
    thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise EngineError(
            f"the system gives no thread for {name!r}: {error}; close other programs, "
            "or allow more (ulimit -u)"
        ) from None
    return thread


def join(thread: threading.Thread | None) -> None:
    """Wait for a thread's end, None: nothing. Ctrl-C is raised afterwards only.

    What the thread uses is freed next: it must not be left running.
    """
    interrupt: KeyboardInterrupt | None = None
    while thread is not None and thread.is_alive():
        try:
            thread.join()
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt


def do_all(*steps: Callable[[], object]) -> None:
    """Do every step, whatever fails; then raise the first failure."""
    failure: BaseException | None = None
    for step in steps:
        try:
            step()
        except BaseException as error:
            failure = failure or error
    if failure is not None:
        raise failure
