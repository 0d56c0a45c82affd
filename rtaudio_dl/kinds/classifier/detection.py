"""What was found in a stream, as Python reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Detection:
    """A label began (``on``) or ended.

    ``frame`` is the first frame of the input that the decision did not need, ``time``
    the same in s; ``begin`` and ``end`` (s) bound the sound that it stands on.
    ``confidence`` 0..1 is the score at the beginning, and the highest one at the end;
    ``level`` the peak of that sound, linear. ``published`` is the first frame that was
    still to be played when it was told: live, their distance is the time it took.
    """

    time: float
    frame: int
    label: str
    confidence: float
    on: bool
    begin: float
    end: float
    level: float
    published: int


def read_detection(
    record: np.void, labels: Sequence[str], sample_rate: float
) -> Detection:
    """A `DETECTION` record of a stream at a rate in Hz, with its label by name."""
    return Detection(
        time=int(record["frame"]) / sample_rate,
        frame=int(record["frame"]),
        label=labels[int(record["label"])],
        confidence=float(record["confidence"]),
        on=bool(record["on"]),
        begin=int(record["begin"]) / sample_rate,
        end=int(record["end"]) / sample_rate,
        level=float(record["level"]),
        published=int(record["published"]),
    )
