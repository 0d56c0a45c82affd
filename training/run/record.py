"""How a run was made, in its folder: commands, seeds, versions, digests of the data."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from training.run.config import Config
from training.run.files import write_atomically

FILE = "run.json"
PACKAGES = ("rtaudio-dl", "tensorflow", "keras", "numpy", "tf2onnx", "onnx")


def add(folder: Path, config: Config, digest: str, step: int, session: dict) -> None:
    """Append a session, which begins at ``step``, to ``folder``'s ``run.json``.

    ``session`` has the ``command`` line and its ``overrides``; empty for a run that
    another program started.
    """
    path = folder / FILE
    sessions = read(folder)
    sessions.append(
        {
            "command": session.get("command", []),
            "overrides": session.get("overrides", []),
            "seed": config.training.seed,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "step": step,
            "data": digest,
            "versions": versions(),
            "config": json.loads(config.to_json()),
        }
    )
    text = json.dumps({"sessions": sessions}, indent=1).encode()
    write_atomically(path, lambda file: file.write(text))


def read(folder: Path) -> list[dict]:
    """The sessions of a run, the first first."""
    path = folder / FILE
    if not path.is_file():
        return []
    return json.loads(path.read_text("utf-8"))["sessions"]


def versions() -> dict[str, str]:
    """Of Python and of what decides a result; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
