"""Synthetic notes on disk in NSynth's format, and the smallest run that trains on them.

Two instruments to train on and one held out: a plucked and a bowed harmonic tone with a
little noise, and a third between them.
"""

import json
from pathlib import Path

import numpy as np
import soundfile

from training.tasks.notes.config import Config
from training.tasks.notes.form import FRAMES, HELD_SECONDS, RATE, hz

INSTRUMENTS = {
    "pluck": ("guitar", "train", -12.0),
    "bow": ("string", "train", 0.0),
    "held": ("reed", "test", -4.0),
}
PITCHES = (48, 60, 72)
BETWEEN = 54
VELOCITIES = (60, 100)


def tone(
    pitch: float,
    levels_db=(-12.0, -18.0, -30.0),
    fade_db: float = 0.0,
    release_db: float = 100.0,
    noise_db: float = -70.0,
    ratios=(0.0, 0.0, 0.0),
    seed: int = 1,
) -> np.ndarray:
    """A note (FRAMES,) float32 whose parts are known; fades are in dB per second."""
    t = np.arange(FRAMES) / RATE
    released = np.maximum(t - HELD_SECONDS, 0.0)
    course = 10 ** ((fade_db * t - release_db * released) / 20)
    sound = sum(
        10 ** (level / 20) * np.sin(2 * np.pi * hz(pitch) * (k + 1 + ratio) * t + k)
        for k, (level, ratio) in enumerate(zip(levels_db, ratios, strict=True))
    )
    random = np.random.default_rng(seed)
    noise = 10 ** (noise_db / 20) * random.standard_normal(FRAMES)
    return ((sound + noise) * course).astype(np.float32)


def example(name: str, pitch: int, velocity: int) -> dict:
    """An entry of examples.json."""
    family, split, _ = INSTRUMENTS[name]
    between = split == "train" and pitch == BETWEEN
    return {
        "pitch": pitch,
        "velocity": velocity,
        "sample_rate": RATE,
        "instrument_str": f"{family}_acoustic_{name}",
        "instrument_family_str": family,
        "instrument_source_str": "acoustic",
        "preset": name,
        "split": "valid" if between else split,
        "group": name,
    }


def write_notes(folder: Path) -> Path:
    """Every note of every instrument; gives the folder."""
    (folder / "audio").mkdir(parents=True)
    table = {}
    for name, (family, split, fade) in INSTRUMENTS.items():
        pitches = (*PITCHES, BETWEEN) if split == "train" else PITCHES
        for pitch in pitches:
            for velocity in VELOCITIES:
                note = f"{family}_acoustic_{name}-{pitch:03d}-{velocity:03d}"
                table[note] = example(name, pitch, velocity)
                sound = tone(pitch, fade_db=fade) * np.float32(velocity / 127)
                path = folder / "audio" / f"{note}.wav"
                soundfile.write(path, sound, RATE, subtype="PCM_16")
    (folder / "examples.json").write_text(json.dumps(table))
    return folder


def config(folder: Path, source: Path, **changes) -> Config:
    """A tiny run; ``changes`` are tables of further keys."""
    mapping = {
        "data": {"source": str(source), "cache": str(folder / "cache")},
        "model": {
            "name": "tiny",
            "licence": "CC0-1.0",
            "timbre": 3,
            "width": 8,
            "layers": 2,
            "trait_width": 8,
        },
        "training": {"steps": 4, "batch": 4, "times": 5, "deterministic": True},
        "output": {"run": str(folder / "run")},
    }
    for table, values in changes.items():
        mapping[table] = mapping[table] | values
    return Config.from_mapping(mapping, "tiny")
