"""What an engine counts, as Python reads it; and what was lost, in plain words.

A ring has no room when the thread behind it is kept from running for seconds, or when
nobody reads what is written.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rtaudio_dl.core.control import load_word
from rtaudio_dl.core.counters import AUDIO_COUNTERS, STREAM_COUNTERS, WORKER_COUNTERS
from rtaudio_dl.core.ring import DROPPED
from rtaudio_dl.engine.layout import RINGS, Engine

PREFIX = "dropped_"

# By the name of the ring: what did not fit into it.
OVERFLOWS = {
    "control": "notes and commands of this program",
    "midi": "MIDI messages",
    "cycle": "notes of JACK's own cycle and of strokes",
    "ear": "notes of what was heard",
    "request": "requests for sounds",
    "tap": "frames of the recording",
    "flight": "events of the flight recording",
    "input": "frames of the input",
    "onset": "strokes that nobody read",
    "hop": "hops of streams",
}


def engine_counts(engine: Engine) -> dict[str, int]:
    """The audio thread's counters; ``worker_…`` and ``stream_…``, of inference.

    ``dropped_NAME`` is what a ring had no room for, one for every ring.
    """
    tables = (
        ("", AUDIO_COUNTERS, engine.counters),
        ("worker_", WORKER_COUNTERS, engine.worker_counters),
        ("stream_", STREAM_COUNTERS, engine.stream_counters),
    )
    counts = {
        prefix + name: int(n)
        for prefix, names, numbers in tables
        for name, n in zip(names, numbers, strict=True)
    }
    rings = {name: getattr(engine, f"{name}_cursors") for name in RINGS}
    return counts | {PREFIX + name: dropped(ring) for name, ring in rings.items()}


def dropped(cursors: np.ndarray) -> int:
    """What one ring had no room for, so far."""
    return int(load_word(cursors, DROPPED))


def lost(counts: Mapping[str, int]) -> str:
    """What of the counts was lost, as words; empty if nothing was."""
    named = ((counts.get(PREFIX + name, 0), what) for name, what in OVERFLOWS.items())
    return ", ".join(f"{number} {what}" for number, what in named if number)
