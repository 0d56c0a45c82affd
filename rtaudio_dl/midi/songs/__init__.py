"""Songs that come with the package, as standard MIDI files (CC0 1.0)."""

from __future__ import annotations

from pathlib import Path

from rtaudio_dl.errors import AudioFileError

FOLDER = Path(__file__).parent


def song_names() -> list[str]:
    """Names of the songs that are there, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.mid"))


def song_path(name: str = "groove") -> Path:
    """The file of a song by its name; AudioFileError lists what there is."""
    path = FOLDER / f"{name}.mid"
    if name not in song_names():
        have = ", ".join(song_names())
        raise AudioFileError(f"no song {name!r} in the package; there is: {have}")
    return path
