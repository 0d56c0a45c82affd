"""A folder of synthetic sounds and the smallest classifier that learns them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from training.data import manifest
from training.data.manifest import Entry, Manifest
from training.tasks.classify.config import Config

RATE = 4_000
FRAMES = 2_000
LABELS = ("buzz", "hiss", "tone")
SPLITS = ("train", "train", "train", "valid", "test", "test")


def sound(label: str, seed: int, frames: int = FRAMES) -> np.ndarray:
    """A square wave, noise or a sine with a soft start and end, float32."""
    random = np.random.default_rng(seed)
    t = np.arange(frames) / RATE
    phase = 2 * np.pi * random.uniform(200, 500) * t
    body = {
        "buzz": np.sign(np.sin(phase)),
        "hiss": random.uniform(-1, 1, frames),
        "tone": np.sin(phase),
    }[label]
    return (0.4 * np.hanning(frames) * body).astype(np.float32)


def write_sounds(folder: Path, sources: int = 6, each: int = 3) -> Path:
    """CLASS/sourceK-N.wav for every label; gives the folder."""
    for k, label in enumerate(LABELS):
        for source in range(sources):
            for n in range(each):
                path = folder / label / f"source{source}-{n}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, sound(label, 100 * source + 10 * n + k), RATE)
    return folder


def entries(folder: Path) -> tuple[Entry, ...]:
    """One per file, split and folded by source."""
    found = []
    for path in sorted(folder.rglob("*.wav")):
        source = int(path.stem.split("-")[0].removeprefix("source"))
        found.append(
            Entry(
                path.relative_to(folder).as_posix(),
                (path.parent.name,),
                split=SPLITS[source],
                fold=source // 2 + 1,
                group=f"source{source}",
                licence="CC0-1.0",
            )
        )
    return tuple(found)


def write_manifest(folder: Path, **changes) -> Path:
    """`sounds.csv` of ``folder``/sounds, which is made; ``changes`` are its fields."""
    root = folder / "sounds"
    if not root.is_dir():
        write_sounds(root)
    made = Manifest("tiny", root, LABELS, entries(root), licence="CC0-1.0")
    manifest.write(replace(made, **changes), folder / "sounds.csv")
    return folder / "sounds.csv"


def config(folder: Path, **changes) -> Config:
    """A tiny run on `write_manifest`'s sounds; ``changes`` are tables of more keys."""
    mapping = {
        "data": {
            "manifest": str(folder / "sounds.csv"),
            "cache": str(folder / "cache"),
            "sample_rate": RATE,
            "frames": FRAMES,
        },
        "front": {"window": 128, "hop": 64, "bands": 12, "floor": 1e-6},
        "model": {
            "name": "tiny",
            "licence": "CC0-1.0",
            "widths": [8, 12],
            "blocks": [1, 1],
        },
        "augment": {"time_width": 4, "frequency_width": 2},
        "training": {
            "epochs": 4,
            "batch": 9,
            "warmup_epochs": 1,
            "learning_rate": 5e-3,
            "deterministic": True,
        },
        "output": {"run": str(folder / "run")},
    }
    for table, values in changes.items():
        mapping[table] = mapping.get(table, {}) | values
    return Config.from_mapping(mapping, "tiny")
