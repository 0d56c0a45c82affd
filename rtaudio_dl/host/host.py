"""The host that renders: an engine and its patches, without any device.

`rtaudio_dl.host.live.LiveHost` is the same with devices.

    >>> import rtaudio_dl
    >>> with rtaudio_dl.Host() as host:
    ...     drums = host.load("drums")
    ...     host.note_on(36, 0.9, at=0.0)
    ...     host.note_on(38, 0.7, at=0.5)
    ...     audio = host.render(1.5)
    >>> audio.shape, bool(abs(audio).max() > 0.1)
    ((72000, 2), True)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from rtaudio_dl.host.base import BaseHost, new_engine
from rtaudio_dl.host.inbox import OfflineInbox
from rtaudio_dl.host.pace import Renderer
from rtaudio_dl.values import check_whole

MAX_BLOCK = 8192


class Host(BaseHost):
    """An engine that renders: ``sample_rate`` in Hz, ``polyphony`` 1..64 voices.

    It plays blocks of ``block`` frames; what sounds is the same with any. Use it in a
    ``with`` block.
    """

    running = False  # whether an audio thread plays

    def __init__(
        self,
        sample_rate: int = 48_000,
        *,
        polyphony: int = 32,
        block: int = 128,
        provider: str = "auto",
    ):
        check_whole("block", block, 1, MAX_BLOCK)
        engine = new_engine(sample_rate, polyphony)
        self.block = block
        self.inbox = OfflineInbox(engine, sample_rate)
        self.renderer = Renderer(engine, block, self._feed)
        super().__init__(engine, self.inbox, self.renderer, provider, _warn)

    def _feed(self, frames: int) -> int:
        self.tracks.fill()
        return self.inbox.feed(frames, self.block)

    def render(
        self, seconds: float, progress: Callable[[float], None] | None = None
    ) -> np.ndarray:
        """The next ``seconds`` of sound, float32 (frames, 2), within -1..1.

        The same patches and events give the same bytes. ``progress`` is told the
        seconds that are done.
        """
        self._require_open()
        return self.renderer.render(seconds, progress)

    def __enter__(self) -> Host:
        return self


def _warn(line: str) -> None:
    warnings.warn(line, stacklevel=2)
