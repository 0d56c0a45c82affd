"""The sound files below a folder, found once, links out of it left out."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from rtaudio_dl.errors import shown
from training.data.text import is_inside
from training.errors import DataError

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
MAX_FILES = 3_000_000


class Tree:
    """Sound files below ``root``: ``paths``, relative, with ``/``, in order.

    ``problems`` names what was left out. Raises DataError where there is no folder or
    too many files.
    """

    def __init__(self, root: Path):
        if not root.is_dir():
            raise DataError(f"{root}: no such folder; unpack the data set there first")
        self.root = root.resolve()
        self.problems: list[str] = []
        self.paths = tuple(sorted(self._scan()))
        # Of a.flac and a.wav the first in order counts, as it would in a listing.
        self._by_stem = {_stem(path): path for path in reversed(self.paths)}
        self._by_name: dict[str, str] = {}

    def __contains__(self, path: str) -> bool:
        return self._by_stem.get(_stem(path)) == path

    def under(self, folder: str) -> list[str]:
        """Paths within a folder and the folders below it."""
        return [path for path in self.paths if path.startswith(f"{folder}/")]

    def folders(self) -> list[str]:
        """First folders that hold sounds, in order."""
        return sorted({p.split("/", 1)[0] for p in self.paths if "/" in p})

    def like(self, path: str) -> str:
        """The file of a published path, which may be in another format by now.

        Gives ``path`` itself where there is none: the audit will say so.
        """
        return self._by_stem.get(_stem(path), path)

    def named(self, stem: str) -> str:
        """The first file of that name without suffix, in any folder; or empty."""
        if not self._by_name:
            for path in reversed(self.paths):
                self._by_name[PurePosixPath(path).stem] = path
        return self._by_name.get(stem, "")

    def _scan(self) -> list[str]:
        found: list[str] = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            self.problems += [
                f"{Path(folder, f).relative_to(self.root).as_posix()}: link to a "
                "folder, not followed"
                for f in folders
                if Path(folder, f).is_symlink()
            ]
            for name in names:
                if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                    found += self._accepted(Path(folder, name))
            if len(found) > MAX_FILES:
                raise DataError(
                    f"{self.root}: more than {MAX_FILES} sound files; name a folder "
                    "that holds one data set"
                )
        return found

    def _accepted(self, path: Path) -> list[str]:
        relative = path.relative_to(self.root).as_posix()
        if not is_inside(relative):
            self.problems.append(f"{shown(relative)}: name is not plain UTF-8")
        elif path.is_symlink() and not path.resolve().is_relative_to(self.root):
            self.problems.append(f"{relative}: link to a file outside {self.root}")
        else:
            return [relative]
        return []


def _stem(path: str) -> str:
    """A path without suffix; any text will do, for it may come from a table."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}"
