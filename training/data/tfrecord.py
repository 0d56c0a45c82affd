"""NSynth's TFRecord files: plain protocol buffers, read by TensorFlow; no pickle."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.errors import DataError

RATE = 16_000
HEADER, FOOTER = 12, 4  # Length and its checksum before a record, checksum after it.
MAX_RECORD = 1 << 24


@dataclass(frozen=True)
class Note:
    """One record: its name and qualities, and where it is in the file."""

    name: str
    qualities: list[int]
    offset: int
    bytes: int


def notes(path: Path, qualities: int) -> Iterator[Note]:
    """All notes of a file, without their audio. Raises DataError."""
    tf = _tensorflow(path)
    features = {
        "note_str": tf.io.FixedLenFeature([], tf.string),
        "qualities": tf.io.FixedLenFeature([qualities], tf.int64),
    }
    offset = 0
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            note = tf.io.parse_single_example(record, features)
            name = note["note_str"].numpy().decode("ascii", "replace")
            flags = note["qualities"].numpy().tolist()
            yield Note(name, flags, offset, len(record))
            offset += HEADER + len(record) + FOOTER
    except tf.errors.OpError as error:
        raise DataError(
            f"{path}: not NSynth's TFRecord, at byte {offset}: {error.message}"
        ) from None


def audio(path: Path, offset: int, size: int) -> tuple[np.ndarray, int]:
    """The sound of the record that begins at ``offset``: float32 (frames,), rate.

    Raises DataError when there is no such record of ``size`` bytes.
    """
    tf = _tensorflow(path)
    try:
        with path.open("rb") as file:
            file.seek(offset)
            header = file.read(HEADER)
            (length,) = struct.unpack_from("<Q", header)
            if not 0 < length == size <= MAX_RECORD:
                raise DataError(f"{path}: no record of {size} bytes at {offset}")
            example = tf.train.Example.FromString(file.read(size))
    except (OSError, struct.error, ValueError, *_decode_errors()) as error:
        raise DataError(f"{path}: no record at byte {offset}: {error}") from None
    values = example.features.feature["audio"].float_list.value
    return np.asarray(values, np.float32), RATE


def _tensorflow(path: Path):
    try:
        import tensorflow
    except ImportError:
        raise DataError(
            f"{path}: reading TFRecord needs TensorFlow; pip install "
            "'rtaudio-dl[train]', or take NSynth as JSON and WAV"
        ) from None
    return tensorflow


def _decode_errors() -> tuple[type[Exception], ...]:
    from google.protobuf.message import DecodeError

    return (DecodeError,)
