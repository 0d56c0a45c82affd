"""A process of its own that obeys: one JSON line for a request, one for its answer.

Programs under test and the probe that hears them live in such processes, so that
neither an interpreter that is kept busy nor a crash reaches the measurement.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from lab.errors import BenchError
from rtaudio_dl.core.lifetime import start_thread

_ROOT = Path(__file__).parents[1]
# The package's folder goes last, so that nothing beside it can hide a standard module.
_START = (
    f"import sys; sys.path.append({str(_ROOT)!r}); "
    "from importlib import import_module; import_module(sys.argv.pop(1)).main()"
)
ANSWER_SECONDS = 120.0  # the first start ever compiles the engine
_END_SECONDS = 5.0


class Child:
    """Runs ``main`` of a module with arguments; use it in a ``with`` block.

    ``environment`` is added to this process's own. Raises BenchError when the child
    refuses a request, ends, or does not answer.
    """

    def __init__(
        self, module: str, *arguments: str, environment: Mapping[str, str] | None = None
    ):
        self._name = module.rpartition(".")[2]
        self._command = [sys.executable, "-P", "-c", _START, module, *arguments]
        self._environment = os.environ | dict(environment or {})
        self._process: subprocess.Popen | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> Child:
        """Start it and wait until it is ready."""
        self._reader = None
        self._errors = tempfile.TemporaryFile()
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=self._environment,
        )
        try:
            self._reader = start_thread(self._read, "answers", self._process.stdout)
            self._answer(ANSWER_SECONDS)
        except BaseException:
            self.close()
            raise
        return self

    def ask(
        self, command: str, *, within: float = ANSWER_SECONDS, **fields: Any
    ) -> Any:
        """Let it do something; its answer. ``within`` is in seconds."""
        self._process.stdin.write(json.dumps({"command": command} | fields) + "\n")
        self._process.stdin.flush()
        return self._answer(within)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def close(self) -> None:
        """Let it end, or end it; again: nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join(_END_SECONDS)
        process.stdout.close()
        self._errors.close()

    def _read(self, answers: TextIO) -> None:
        for line in answers:
            if line.startswith("{"):  # what a driver prints is none of ours
                self._lines.put(line)
        self._lines.put(None)

    def _answer(self, within: float) -> Any:
        try:
            line = self._lines.get(timeout=within)
        except queue.Empty:
            raise BenchError(
                f"{self._name} gave no answer in {within:g} s; is its server alive?"
            ) from None
        if line is None:
            raise BenchError(f"{self._name} ended{self._last_words()}")
        answer = json.loads(line)
        if "error" in answer:
            raise BenchError(f"{self._name}: {answer['error']}")
        return answer["answer"]

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read()[-4000:].decode(errors="replace").splitlines()
        lines = [line.strip() for line in lines if line.strip()]
        return f": {lines[-1]}" if lines else ""

    def __enter__(self) -> Child:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.close()


def serve(make: Callable[[], Any]) -> None:
    """In the child: make an object, and call its methods until standard input ends.

    Only the parent writes there. An exception is an answer, too.
    """
    try:
        target = make()
    except Exception as error:
        _reply(error=_words(error))
        os._exit(1)  # a driver that it opened may still call
    _reply(answer="ready")
    try:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                _reply(answer=getattr(target, request.pop("command"))(**request))
            except Exception as error:
                _reply(error=_words(error))
    finally:
        target.close()
        sys.stdout.flush()
        os._exit(0)  # Numba would take most of a second to unload


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _reply(**fields: Any) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()
