"""What happens in a run, a line of JSON each, for a page or `tail -f` to follow."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

FILE = "events.jsonl"


class Events:
    """Appends to a run's ``events.jsonl``; every line is on the disk when told.

    A line is {"time": seconds since 1970, "event": name, "step": steps done, ...}.
    Names: start, init, losses, judged, samples, checkpoint, done, error.
    """

    def __init__(self, folder: Path):
        path = folder / FILE
        torn = path.is_file() and not path.read_bytes().endswith(b"\n")
        # Line-buffered: who follows the file sees each line at once.
        self._file = path.open("a", buffering=1, encoding="utf-8")
        if torn and path.stat().st_size:
            self._file.write("\n")

    def tell(self, event: str, step: int, **facts: Any) -> None:
        """Append one line; numbers that are not finite become null."""
        line = {"time": round(time.time(), 3), "event": event, "step": step}
        self._file.write(json.dumps(line | _finite(facts), default=str) + "\n")

    def close(self) -> None:
        """No more lines."""
        self._file.close()


class NoEvents:
    """Tells nobody: of the processes of a run only the chief writes."""

    def tell(self, event: str, step: int, **facts: Any) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def read(folder: Path) -> list[dict]:
    """Every whole line of a run's events; one that is being written is left out."""
    path = folder / FILE
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
