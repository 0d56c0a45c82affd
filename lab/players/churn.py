"""A host that is never left alone: patches come and go on all its channels."""

from __future__ import annotations

import dataclasses
import random
import threading

from rtaudio_dl.host.instrument import Instrument
from rtaudio_dl.host.live import LiveHost
from rtaudio_dl.patches.patch import SEEDS, find_patch

PATCHES = ("drums", "toms")
CHANNELS = 16
_PAUSE_SECONDS = (0.5, 2.0)
_KEEP = 3  # patches that are loaded at once


class Churn(threading.Thread):
    """Swaps models and patches in a host at random, until `end`.

    ``swaps`` counts patches that were loaded and taken away again; ``error`` holds what
    stopped it, if anything did. ``hurry`` makes the pauses between them so much
    shorter.
    """

    def __init__(self, host: LiveHost, seed: int, hurry: float = 1.0):
        super().__init__(name="churn", daemon=True)
        self._host, self._random = host, random.Random(seed)
        self._ended = threading.Event()
        self._pause = [seconds / hurry for seconds in _PAUSE_SECONDS]
        self._loaded: list[Instrument] = []
        self.swaps, self.error = 0, ""

    def run(self) -> None:
        """Swap and pause."""
        try:
            while not self._ended.wait(self._random.uniform(*self._pause)):
                self._swap()
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"

    def _swap(self) -> None:
        number = self._random.randrange(len(PATCHES))
        patch = dataclasses.replace(
            find_patch(PATCHES[number]),
            seed=self._random.randrange(SEEDS),
            program=number,
        )
        instrument = self._host.load(patch, channel=self._random.randrange(CHANNELS))
        self._host.assign(instrument)
        self._loaded.append(instrument)
        if len(self._loaded) > _KEEP:
            self._host.unload(self._loaded.pop(0))
            self.swaps += 1

    def end(self) -> None:
        """Let it finish what it is at, and wait."""
        self._ended.set()
        self.join()
