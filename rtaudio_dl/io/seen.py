"""Waiting until the audio thread has seen a switch: see `rtaudio_dl.core.switch`."""

from __future__ import annotations

import time

import numpy as np

from rtaudio_dl.core.control import is_seen

_POLL_SECONDS = 0.001


def wait_until_seen(words: np.ndarray, seconds: float) -> bool:
    """Whether within this time a block began that obeys the last turn of a switch.

    Then nothing that only the value before allowed is in use any more.
    """
    until = time.monotonic() + seconds
    while not is_seen(words):
        if time.monotonic() > until:
            return False
        time.sleep(_POLL_SECONDS)
    return True
