"""Second-order filters in a row, for sound that comes piece by piece."""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import doubles_at

COEFFICIENTS = 5  # of a stage: b0, b1, b2, a1, a2; a0 is 1


@rt_entry("vpwppww")
def _run(stages, count, states, sound, frames, channels):
    """Filter float64 (frames, channels) in place, transposed direct form II. [any]"""
    table = doubles_at(stages, count, COEFFICIENTS)
    memory = doubles_at(states, count * 2, channels)
    values = doubles_at(sound, frames, channels)
    for stage in range(count):
        b0, b1, b2, a1, a2 = (
            table[stage, 0],
            table[stage, 1],
            table[stage, 2],
            table[stage, 3],
            table[stage, 4],
        )
        for channel in range(channels):
            first, second = memory[2 * stage, channel], memory[2 * stage + 1, channel]
            for i in range(frames):
                x = values[i, channel]
                y = b0 * x + first
                first = b1 * x - a1 * y + second
                second = b2 * x - a2 * y
                values[i, channel] = y
            memory[2 * stage, channel], memory[2 * stage + 1, channel] = first, second


class Biquads:
    """Stages (stages, 5) with a state for each of so many channels."""

    def __init__(self, stages: np.ndarray, channels: int):
        self._stages = np.ascontiguousarray(stages, np.float64)
        self._states = np.zeros((2 * len(stages), channels))

    def run(self, sound: np.ndarray) -> np.ndarray:
        """The next frames, filtered: float64 (frames, channels), a new array."""
        out = np.array(sound, np.float64, order="C")
        _run(self._stages, len(self._stages), self._states, out, *out.shape)
        return out
