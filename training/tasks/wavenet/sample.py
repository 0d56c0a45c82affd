"""Notes encoded and drawn again by the WaveNet autoencoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.data import nsynth
from training.run import sheet
from training.run.trained import Trained
from training.tasks.wavenet import network
from training.tasks.wavenet.crops import Crops

FRAMES = 8_000


def write(trained: Trained, crops: Crops, out: Path, each: int) -> int:
    """Write some held-out notes, each real and then drawn; gives how many."""
    held = [n for n in crops.notes if n.split != "train"] or list(crops.notes)
    chosen = held[:: max(1, len(held) // each)][:each]
    audio = np.stack([nsynth.sound(crops.root, n) for n in chosen])
    encoder, decoder = trained.networks.values()
    codes = encoder(network.mu_law(audio)[..., None] / 128.0).numpy()
    drawn = network.generate(decoder, trained.config.model, codes, FRAMES, each)
    pairs = np.stack([audio[:, :FRAMES], drawn], axis=1)
    names = [f"{n.name}-{n.pitch:03d}-{n.velocity:03d}" for n in chosen]
    names = [name for name in names for _ in range(2)]
    sheet.write_sounds(out, pairs.reshape(len(names), -1), names, nsynth.RATE)
    return len(chosen)
