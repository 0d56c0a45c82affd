"""A folder of synthetic drums and the smallest configuration that trains on it."""

from pathlib import Path

import numpy as np
import soundfile

from training.tasks.wavegan.config import Config

RATE = 4_000
FRAMES = 512
LABELS = ("hat", "kick")


def drum(label: str, seed: int, rate: int = RATE) -> np.ndarray:
    """A decaying low sine or a noise burst after a little silence, float32."""
    random = np.random.default_rng(seed)
    t = np.arange(rate // 8) / rate
    body = (
        np.sin(2 * np.pi * random.uniform(80, 200) * t)
        if label == "kick"
        else random.uniform(-1, 1, len(t))
    )
    sound = body * np.exp(-t * random.uniform(30, 60))
    return np.r_[np.zeros(rate // 50), 0.5 * sound].astype(np.float32)


def write_drums(folder: Path, kits: int = 6, each: int = 3) -> Path:
    """CLASS/KIT/N.wav for every label; gives the folder."""
    for label in LABELS:
        for kit in range(kits):
            for n in range(each):
                path = folder / label / f"kit{kit}" / f"{n}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                seed = 1_000 * kit + 10 * n + LABELS.index(label)
                soundfile.write(path, drum(label, seed), RATE)
    return folder


def config(folder: Path, source: Path | None = None, **changes) -> Config:
    """A tiny conditional run; ``changes`` are tables of further keys."""
    mapping = {
        "data": {
            "source": str(source or folder / "drums"),
            "cache": str(folder / "cache"),
            "sample_rate": RATE,
            "frames": FRAMES,
            "classes": list(LABELS),
            "fade_in": 4,
            "pre_onset": 8,
            "fade_out": 64,
        },
        "model": {
            "name": "tiny",
            "latent": 8,
            "latent_distribution": "normal",
            "conditional": True,
            "dim": 2,
            "upsample": "subpixel",
            "kernel": 12,
            "shape_output": True,
            "spectral": [64],
            "spectral_dim": 2,
            "critic_embedding": 8,
            "phase_shuffle": 1,
        },
        "training": {
            "steps": 4,
            "batch": 4,
            "loss": "nonsaturating",
            "critics": 1,
            "penalty": 1.0,
            "penalty_every": 1,
            "ema": 0.9,
            "augment": 0.5,
            "augment_target": 0.6,
            "deterministic": True,
        },
        "output": {"run": str(folder / "run")},
    }
    for table, values in changes.items():
        mapping[table] = mapping[table] | values
    return Config.from_mapping(mapping, "tiny")
