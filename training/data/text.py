"""CSV, JSON, lists and paths that came with a data set: bounded, never trusted."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from rtaudio_dl.errors import shown
from training.errors import DataError

MAX_BYTES = 512 << 20  # NSynth's examples.json has 170 MB.
MAX_ROWS = 3_000_000


def is_inside(path: str) -> bool:
    """Whether a path is relative, stays below its root, and is the same everywhere."""
    windows = PureWindowsPath(path)
    return (
        bool(path)
        and "\\" not in path
        and not any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in path)
        and not (windows.drive or windows.root)
        and ".." not in PurePosixPath(path).parts
        and PurePosixPath(path).as_posix() == path
    )


def printable(line: str) -> str:
    """A line for a terminal, without what would move its cursor or change colours."""
    return "".join(c if c.isprintable() else "?" for c in line)


def read(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """A UTF-8 text, with or without byte order mark. Raises DataError."""
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise DataError(f"{path}: {size} bytes; allowed: at most {max_bytes}")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}); "
            "unpack the data set again"
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8"
        ) from None


def json_object(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds. Raises DataError."""
    value = json_value(path)
    if not isinstance(value, dict):
        raise DataError(f"{path}: a {type(value).__name__}; allowed: a JSON object")
    return value


def json_value(path: Path) -> Any:
    """What a JSON file holds. Raises DataError."""
    try:
        return json.loads(read(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON: {error}") from None


def csv_rows(
    path: Path, columns: Iterable[str], max_rows: int = MAX_ROWS
) -> list[dict[str, str]]:
    """Rows of a CSV file that has at least these columns, empty lines left out.

    Raises DataError naming the line that has more or fewer fields than the header.
    """
    rows = table(path, max_rows)
    header = rows[0] if rows else []
    missing = [c for c in columns if c not in header]
    if missing or len(set(header)) != len(header):
        raise DataError(
            f"{path}: columns are {shown(header)}; needed, each once: "
            f"{', '.join(columns)}"
        )
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise DataError(
                f"{path}: row {number} has {len(row)} fields; the header {len(header)}"
            )
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


def table(path: Path, max_rows: int = MAX_ROWS, **dialect: Any) -> list[list[str]]:
    """All rows of a CSV file, empty lines left out. Raises DataError."""
    file = io.StringIO(read(path), newline="")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(file, strict=True, **dialect):
            if row:
                rows.append(row)
            if len(rows) > max_rows + 1:
                raise DataError(f"{path}: more than the {max_rows} rows allowed")
    except csv.Error as error:
        raise DataError(f"{path}: not CSV: {error}") from None
    return rows


def lines(path: Path) -> list[str]:
    """The lines of a text without their ends, empty ones left out."""
    return [line for raw in read(path).split("\n") if (line := raw.strip())]
