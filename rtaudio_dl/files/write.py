"""Sound files, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from rtaudio_dl.errors import AudioFileError

SUBTYPES = {".wav": "PCM_24", ".flac": "PCM_24"}


def check_target(path: Path) -> None:
    """Refuse a path that `write_audio` could not write, before any work is done."""
    if path.suffix.lower() not in SUBTYPES:
        allowed = ", ".join(SUBTYPES)
        raise AudioFileError(f"{path}: sound files end in one of: {allowed}")
    if not path.parent.is_dir():
        raise AudioFileError(f"{path}: there is no folder {path.parent}; make it first")


def write_audio(path: Path, audio: np.ndarray, sample_rate: int) -> None:
    """Write float32 (frames, channels), -1..1, with 24 bits; replaces an older file."""
    import soundfile

    check_target(path)
    part = path.with_name(f"{path.name}.part")
    kind = path.suffix[1:].upper()
    try:
        subtype = SUBTYPES[path.suffix.lower()]
        soundfile.write(part, audio, sample_rate, subtype, format=kind)
        os.replace(part, path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        raise AudioFileError(f"{path} cannot be written: {error}") from None
