"""The sound of an entry, read from its file, part of a file, or record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from training.data import tfrecord
from training.data.manifest import Entry
from training.errors import DataError

MAX_SAMPLES = 1 << 28  # Of one file, in all channels: 93 minutes at 48 kHz.


def read(root: Path, entry: Entry) -> tuple[np.ndarray, int]:
    """Float32 (frames, channels) and the rate in Hz, cut by ``start`` and ``seconds``.

    Raises DataError, naming the file.
    """
    path = root / entry.path
    if path.suffix == ".tfrecord":
        return _record(path, entry)
    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            file.seek(min(round(entry.start * rate), file.frames))
            frames = file.frames - file.tell()
            if entry.seconds:
                frames = min(frames, round(entry.seconds * rate))
            if frames * file.channels > MAX_SAMPLES:
                raise DataError(f"{path}: {frames} frames are too many to read at once")
            return file.read(frames, dtype="float32", always_2d=True), rate
    except (OSError, soundfile.SoundFileError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from None


def _record(path: Path, entry: Entry) -> tuple[np.ndarray, int]:
    try:
        offset, size = int(entry.extra["offset"]), int(entry.extra["bytes"])
    except (KeyError, ValueError):
        raise DataError(f"{path}: the entry has no offset and bytes") from None
    mono, rate = tfrecord.audio(path, offset, size)
    return mono[:, None], rate
