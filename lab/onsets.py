"""Where sounds begin in a recording, and how long after their notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

THRESHOLD = 1e-3  # of the note's own peak: -60 dB
_FAINTEST = 1e-4  # a peak below it is silence, not a note
GAP_SECONDS = 0.15  # between two notes: the sound before has died away
_GOLDEN = 0.618  # of a period, from one note's place in it to the next one's


@dataclass(frozen=True)
class Hearing:
    """Latencies in frames, one for each note heard, and how many were not.

    ``missed`` counts notes without a sound before the next note; ``unclear`` those that
    another sound was still in the way of.
    """

    latencies: np.ndarray
    missed: int
    unclear: int


def note_frames(count: int, rate: int, period: int) -> list[int]:
    """Frames for notes that are far enough apart to be told from each other.

    Their places within a period are spread evenly, however few they are: the place
    decides how long a note waits for the next callback.
    """
    periods = int(np.ceil(GAP_SECONDS * rate / period))
    step = round(_GOLDEN * period) | 1  # odd: meets every place of an even period
    return [(periods * period + step) * (i + 1) for i in range(count)]


def onset(audio: np.ndarray, threshold: float = THRESHOLD) -> int:
    """The first frame of audio (frames, channels) above a part of its peak."""
    level = np.abs(audio).max(axis=1)
    return int(np.argmax(level > threshold * level.max()))


def hear(
    audio: np.ndarray,
    notes: Sequence[int],
    lead: int,
    period: int,
    threshold: float = THRESHOLD,
) -> Hearing:
    """Find each note's sound in a recording (frames, channels).

    A sound is looked for from one period before its note (a player that rounds to
    periods may be early) to one period before the next. ``lead`` is how many of its own
    frames pass before it can be heard: they are no latency. ``threshold`` is the part
    of its peak from which on a sound is heard.
    """
    level = np.abs(audio).max(axis=1)
    ends = [*notes[1:], len(audio) + period]
    latencies, missed, unclear = [], 0, 0
    for note, end in zip(notes, ends, strict=True):
        window = level[max(0, note - period) : end - period]
        peak = window.max(initial=0.0)
        if peak < _FAINTEST:
            missed += 1
        elif window[0] > threshold * peak:
            unclear += 1
        else:
            first = int(np.argmax(window > threshold * peak))
            latencies.append(first + max(0, note - period) - note - lead)
    return Hearing(np.array(latencies, np.int64), missed, unclear)
