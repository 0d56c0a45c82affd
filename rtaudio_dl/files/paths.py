"""Where models, configurations and cached files are looked for, on every platform."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

APP = "rtaudio_dl"
SEARCH_VARIABLE = "RTAUDIO_DL_PATH"
PACKAGE = Path(__file__).resolve().parents[1]

# Platform -> (variable, folder under home where it is unset), first for data, then for
# caches. Source: XDG Base Directory Specification, Apple's File System Programming
# Guide, Windows Known Folders.
DATA = {
    "linux": ("XDG_DATA_HOME", ".local/share"),
    "darwin": (None, "Library/Application Support"),
    "win32": ("LOCALAPPDATA", "AppData/Local"),
}
CACHE = {
    "linux": ("XDG_CACHE_HOME", ".cache"),
    "darwin": (None, "Library/Caches"),
    "win32": ("LOCALAPPDATA", "AppData/Local"),
}


def model_folders() -> list[Path]:
    """Existing folders that may hold models, the first to be searched first."""
    return _folders("models")


def config_folders() -> list[Path]:
    """Existing folders that may hold configurations (``patches/`` lies below them)."""
    return _folders("configs")


def data_folder() -> Path:
    """The user's own data folder; ``models`` and ``configs`` lie below it."""
    return _user_folder(DATA) / APP


def cache_folder() -> Path:
    """The folder for files that can be made again; it may not exist yet."""
    folder = _user_folder(CACHE) / APP
    return folder / "Cache" if sys.platform == "win32" else folder


def _folders(kind: str) -> list[Path]:
    candidates = []
    for root in _open_roots():
        candidates += [root / kind, root]
    candidates += [root / kind for root in _own_roots()]
    existing = (folder.resolve() for folder in candidates if os.path.isdir(folder))
    return list(dict.fromkeys(existing))


def _open_roots() -> Iterator[Path]:
    """Roots of the user's choosing: what lies directly in them counts too."""
    for entry in os.environ.get(SEARCH_VARIABLE, "").split(os.pathsep):
        if entry:
            yield Path(os.path.expanduser(entry))
    yield Path.cwd()


def _own_roots() -> Iterator[Path]:
    yield data_folder()
    yield PACKAGE / "_data"
    if (PACKAGE.parent / "pyproject.toml").is_file():
        yield PACKAGE.parent


def _user_folder(places: dict[str, tuple[str | None, str]]) -> Path:
    variable, below_home = places.get(sys.platform, places["linux"])
    chosen = os.environ.get(variable, "") if variable else ""
    # The XDG specification has relative paths ignored.
    return Path(chosen) if os.path.isabs(chosen) else Path.home() / below_home
