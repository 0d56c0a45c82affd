"""TensorBoard event files, if tensorboard is installed; a line says it if not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf


class Board:
    """Writes scalars and sounds of a run into ``folder``."""

    def __init__(self, folder: Path):
        try:
            import tensorboard  # noqa: F401

            self.writer = tf.summary.create_file_writer(str(folder))
            self.note = f"tensorboard --logdir {folder}"
        except ImportError:
            self.writer = None
            self.note = "no TensorBoard files: pip install tensorboard"

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Write numbers by name."""
        if self.writer is None:
            return
        with self.writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def sounds(self, audio: np.ndarray, names: list[str], rate: int, step: int) -> None:
        """Write each class's first sound; ``audio`` is (n, frames) float32."""
        if self.writer is None:
            return
        with self.writer.as_default(step=step):
            for name in dict.fromkeys(names):
                first = audio[names.index(name)]
                tf.summary.audio(name, first[None, :, None], rate)
        self.writer.flush()


class NoBoard:
    """Shows nothing: of the processes of a run only the chief writes."""

    note = ""

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Nothing."""

    def sounds(self, audio: np.ndarray, names: list[str], rate: int, step: int) -> None:
        """Nothing."""
