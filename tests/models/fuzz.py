"""Open damaged copies of a model, in a process of its own: it must outlive them all.

Usage: python -m tests.models.fuzz MODEL FOLDER COUNT SEED
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from rtaudio_dl.errors import RtaudioError
from rtaudio_dl.models import probe
from rtaudio_dl.models.model import open_model


def damaged(model: bytes, random: np.random.Generator) -> bytes:
    """A copy with some bytes changed, cut out, doubled, or the end cut off."""
    data = bytearray(model)
    for _ in range(random.integers(1, 6)):
        start = int(random.integers(len(data) or 1))
        size = int(random.integers(1, 17))
        way = random.integers(5)
        if way < 2 and not data:
            data += b"\x08"
        if way == 0:
            data[start] ^= 1 << int(random.integers(8))
        elif way == 1:
            data[start : start + size] = random.bytes(size)
        elif way == 2:
            del data[start : start + size]
        elif way == 3:
            data[start:start] = data[start : start + size]
        elif random.integers(4) == 0:
            del data[max(start, 1) :]
    return bytes(data)


def main(model: Path, folder: Path, count: int, seed: int) -> Counter:
    """Open ``count`` damaged copies; anything but a clean error ends the process."""
    probe.SECONDS_ALLOWED = 2.0
    random = np.random.default_rng(seed)
    outcomes = Counter()
    original = model.read_bytes()
    target = folder / "damaged.onnx"
    for _ in range(count):
        target.write_bytes(damaged(original, random))
        try:
            open_model(target, "cpu").close()
            outcomes["opened"] += 1
        except RtaudioError as error:
            assert str(target) in str(error), error
            outcomes["refused"] += 1
    return outcomes


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.stdout.write(f"{main(*map(Path, arguments[:2]), *map(int, arguments[2:]))}\n")
