"""Training windows as files, to hear and see what augmentation does to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from rtaudio_dl.features import frame_count
from training.audio.dice import Dice
from training.run import sheet
from training.tasks.classify import batches, cross
from training.tasks.classify.augment import Augmenter
from training.tasks.classify.config import Config
from training.tasks.classify.dataset import load


def write(config: Config, folder: Path, each: int) -> int:
    """Write a wav per class and a sheet of spectrograms; gives the number of windows.

    What changes the feature only (room, equalisation, warp, mixup, masks) is not heard.
    """
    data = load(cross.configs(config)[0])
    sounds, count = data.training_sounds(), each * len(data.labels)
    even = replace(config, data=replace(config.data, balance=1.0))
    batch = next(iter(batches.dataset(even, sounds, 0, 4 * count)))
    audio, noise, classes, seed = batch
    frames = frame_count(config.data.frames, config.spec)
    mixed = Augmenter(config, frames).waveform(audio, noise, Dice(seed))
    heard = tf.clip_by_value(mixed, -1.0, 1.0).numpy()
    kept = [
        i
        for k in range(len(data.labels))
        for i in np.flatnonzero(classes.numpy() == k)[:each]
    ]
    names = [data.labels[k] for k in classes.numpy()[kept]]
    rate = config.data.sample_rate
    sheet.write_sounds(folder, heard[kept], names, rate)
    sheet.write_sheet(folder / "sheet.png", heard[kept], names, rate, each)
    return len(kept)
