"""What an engine counts, as Python reads it; and what was lost, in plain words.

A ring has no room when the thread behind it is kept from running for seconds, or when
nobody reads what is written.
"""

from __future__ import annotations

from collections.abc import Mapping

from rtaudio_dl.core.control import dropped
from rtaudio_dl.core.counters import AUDIO_COUNTERS, WORKER_COUNTERS
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
    "out": "notes for a MIDI output",
    "input": "frames of the input",
    "onset": "strokes that nobody read",
    "hop": "hops of streams",
}


# What workers of a kind make and mute, where it has a name of its own.
_MADE = {
    "worker": {"made": "sounds", "muted": "muted_sounds"},
    "stream": {"made": "hops", "muted": "muted_hops"},
}


def engine_counts(engine: Engine) -> dict[str, int]:
    """The audio thread's counters; ``worker_…`` and ``stream_…``, of inference.

    ``dropped_NAME`` is what a ring had no room for, one for every ring.
    """
    counts = dict(zip(AUDIO_COUNTERS, engine.counters.tolist(), strict=True))
    counts |= dict.fromkeys(_names_of_workers(), 0)
    crews = [*engine.kinds.values()]
    for crew in crews:
        numbers = crew.worker["counters"][0].tolist()
        for name, number in zip(WORKER_COUNTERS, numbers, strict=True):
            counts[f"{crew.name}_{_MADE[crew.name].get(name, name)}"] = number
    rings = dict.fromkeys((PREFIX + name for name in (*RINGS, "request", "hop")), 0)
    for name in (*RINGS, "midi"):
        rings[PREFIX + name] = dropped(getattr(engine, f"{name}_cursors"))
    for crew in crews:
        for name in crew.rings:
            cursors = getattr(crew.memory, f"{name}_cursors")
            rings[PREFIX + name] = dropped(cursors)
    return counts | rings


def _names_of_workers() -> list[str]:
    return [
        f"{crew}_{own.get(name, name)}"
        for crew, own in _MADE.items()
        for name in WORKER_COUNTERS
    ]


def lost(counts: Mapping[str, int]) -> str:
    """What of the counts was lost, as words; empty if nothing was."""
    named = ((counts.get(PREFIX + name, 0), what) for name, what in OVERFLOWS.items())
    return ", ".join(f"{number} {what}" for number, what in named if number)
