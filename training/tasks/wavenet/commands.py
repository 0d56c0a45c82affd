"""What each command does with a WaveNet autoencoder; see `training.run.registry`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.errors import ConfigError
from training.run import checkpoint
from training.run import registry as tasks
from training.tasks.notes.options import changed
from training.tasks.wavenet.config import Config, from_json, load

SAMPLED_FRAMES = 8_000


def train(path: Path, options: Namespace) -> None:
    """Train from a TOML file; ``options`` may name another source, folder, length."""
    _train(changed(load(path), options), None)


def resume(run: Path, options: Namespace) -> None:
    """Go on with a run from its newest checkpoint."""
    path = checkpoint.latest(run)
    config = checkpoint.load(path, from_json).config
    _train(changed(config, options), path)


def sample(run: Path, options: Namespace) -> None:
    """Encode some held-out notes and draw half a second of each from its codes."""
    import numpy as np

    from training.run import sheet
    from training.tasks.notes.features import read_note
    from training.tasks.notes.form import RATE
    from training.tasks.wavenet import network

    resumed = _loaded(run)
    held = [n for n in resumed.notes if n.split != "train"] or list(resumed.notes)
    chosen = held[:: max(1, len(held) // options.each)][: options.each]
    audio = np.stack([read_note(resumed.root, n) for n in chosen])
    encoder, decoder = resumed.learner.average
    codes = encoder(network.mu_law(audio)[..., None] / 128.0).numpy()
    drawn = network.generate(
        decoder, resumed.config.model, codes, SAMPLED_FRAMES, options.each
    )
    pairs = np.stack([audio[:, :SAMPLED_FRAMES], drawn], axis=1)
    names = [f"{n.name}-{n.pitch:03d}-{n.velocity:03d}" for n in chosen]
    names = [name for name in names for _ in range(2)]
    sheet.write_sounds(options.out, pairs.reshape(len(names), -1), names, RATE)
    print(f"{len(chosen)} notes in {options.out}, each real and then drawn")


def evaluate(run: Path, options: Namespace) -> None:
    """Bits per frame on each split."""
    resumed = _loaded(run)
    for split in ("train", "valid", "test"):
        bits = resumed.bits(split)
        print(f"{split}: " + ("no notes" if bits is None else f"{bits:.3f} bits"))


def export(run: Path, options: Namespace) -> None:
    """Refused: it would need 948 GMAC per second, and no host plays that live."""
    raise ConfigError(
        f"{run}: a WaveNet autoencoder cannot be played live, so it is not exported; "
        "train configs/notes.toml for an instrument, or listen with: "
        f"python -m training sample {run}"
    )


def _train(config: Config, path: Path | None) -> None:
    from training.tasks.wavenet.loop import Run

    run = Run(config)
    if path is not None:
        run.resume(path)
    tasks.remember(run.folder, "wavenet")
    if not run.train():
        print(f"stopped; go on with: python -m training resume {run.folder}")


def _loaded(run: Path):
    from training.tasks.wavenet.loop import Run

    path = checkpoint.latest(run)
    loaded = Run(checkpoint.load(path, from_json).config)
    loaded.resume(path)
    return loaded
