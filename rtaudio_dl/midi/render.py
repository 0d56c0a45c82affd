"""Songs played by a host: a MIDI file's messages become events at their times."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rtaudio_dl.core.counters import ACTIVE_VOICES
from rtaudio_dl.host.host import Host
from rtaudio_dl.midi.file import Song

_LONGEST_TAIL = 10.0  # s that the last sounds may take to die away
_TAIL_STEP = 0.25  # s


def schedule_song(host: Host, song: Song, start: float = 0.0) -> None:
    """Hand over all events of a song that begins ``start`` seconds from now."""
    begin = host.seconds + start
    for seconds, status, data1, data2 in song.events.tolist():
        one_byte = status & 0xF0 in (0xC0, 0xD0)
        message = bytes((status, data1) if one_byte else (status, data1, data2))
        host.midi(message, at=begin + seconds)


def render_song(
    host: Host, song: Song, progress: Callable[[float], None] | None = None
) -> np.ndarray:
    """Render a song and what rings on after it, float32 (frames, 2)."""
    schedule_song(host, song)
    parts = [host.render(song.seconds, progress)]
    tail = 0.0
    while tail < _LONGEST_TAIL and (not tail or host.engine.counters[ACTIVE_VOICES]):
        parts.append(host.render(_TAIL_STEP))
        tail += _TAIL_STEP
    return np.concatenate(parts)
