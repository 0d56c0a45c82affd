"""The smallest SoundFont: sines and noise as presets, written chunk by chunk.

Layout: SoundFont Technical Specification 2.04, chapters 4 to 8.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

RATE = 44_100
KEY = 60
PERIODS = 64
GENERATOR_INSTRUMENT, GENERATOR_SAMPLE, GENERATOR_MODES = 41, 53, 54
LOOPED = 1


def write_soundfont(path: Path, presets: list[tuple[int, int, str]]) -> Path:
    """A font whose presets (bank, program, name) all play one looped sine of key 60."""
    period = RATE / (440 * 2 ** ((KEY - 69) / 12))
    frames = round(PERIODS * period)
    wave = np.sin(2 * np.pi * PERIODS * np.arange(frames) / frames)
    samples = np.round(20_000 * np.r_[wave, np.zeros(46)]).astype("<i2").tobytes()
    info = _list(b"INFO", _chunk(b"ifil", struct.pack("<HH", 2, 4)))
    data = _list(b"sdta", _chunk(b"smpl", samples))
    body = b"sfbk" + info + data + _list(b"pdta", _hydra(presets, frames))
    path.write_bytes(_chunk(b"RIFF", body))
    return path


def _hydra(presets: list[tuple[int, int, str]], frames: int) -> bytes:
    """The nine tables, each with its closing record."""
    headers = [
        struct.pack("<20sHHHIII", name.encode(), program, bank, i, 0, 0, 0)
        for i, (bank, program, name) in enumerate(presets)
    ]
    count = len(presets)
    headers.append(struct.pack("<20sHHHIII", b"EOP", 0, 0, count, 0, 0, 0))
    bags = [struct.pack("<HH", i, 0) for i in range(count + 1)]
    to_instrument = struct.pack("<HH", GENERATOR_INSTRUMENT, 0)
    shape = struct.pack("<HH", GENERATOR_MODES, LOOPED)
    to_sample = struct.pack("<HH", GENERATOR_SAMPLE, 0)
    sample = struct.pack(
        "<20sIIIIIBbHH", b"sine", 0, frames, 0, frames, RATE, KEY, 0, 0, 1
    )
    end = struct.pack("<20sIIIIIBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0)
    tables = {
        b"phdr": b"".join(headers),
        b"pbag": b"".join(bags),
        b"pmod": bytes(10),
        b"pgen": to_instrument * count + bytes(4),
        b"inst": struct.pack("<20sH", b"sine", 0) + struct.pack("<20sH", b"EOI", 1),
        b"ibag": struct.pack("<HHHH", 0, 0, 2, 0),
        b"imod": bytes(10),
        b"igen": shape + to_sample + bytes(4),
        b"shdr": sample + end,
    }
    return b"".join(_chunk(name, table) for name, table in tables.items())


def _list(kind: bytes, body: bytes) -> bytes:
    return _chunk(b"LIST", kind + body)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
