"""The smallest WaveNet autoencoder that trains."""

from pathlib import Path

from training.tasks.wavenet.config import Config, Model

MODEL = Model(
    encoder_width=4, bottleneck=3, pool=16, width=4, skip=4, layers=4, stages=2
)


def config(folder: Path, source: Path, **training) -> Config:
    """A tiny run; ``training`` are further keys of its section."""
    values = {"steps": 3, "batch": 2, "crop": 64, "deterministic": True}
    return Config.from_mapping(
        {
            "task": "wavenet",
            "data": {"source": str(source)},
            "model": vars(MODEL),
            "training": values | training,
            "output": {"run": str(folder / "run")},
        },
        "tiny",
    )
