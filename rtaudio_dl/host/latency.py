"""The latency that a live host reports, by its parts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Latency:
    """Where the time from a key to the loudspeaker goes, in frames of the engine.

    ``device`` is what the driver tells of its own buffers, ``block`` the longest wait
    for the next callback (none where the driver brings MIDI with the block),
    ``placement`` what the ``fixed`` mode adds to make every wait the same,
    ``inference`` the model's time where a note waits for it, ``stream`` what the notes
    of a streaming model are rendered ahead: a constant.
    """

    device: int
    block: int
    placement: int
    inference: int
    sample_rate: float
    stream: int = 0

    @property
    def frames(self) -> int:
        """The sum."""
        waits = self.block + self.placement + self.inference + self.stream
        return self.device + waits

    @property
    def milliseconds(self) -> float:
        """The sum in ms."""
        return 1e3 * self.frames / self.sample_rate
