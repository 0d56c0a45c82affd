"""The live line: meters, voices, and what went wrong, in one look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rtaudio_dl.live import LiveHost

_WIDTH = 16  # characters of one meter
_FLOOR_DB = -48.0
_HOT_DB = -6.0
_EIGHTHS = " ▏▎▍▌▋▊▉█"
# Counters that should stay 0, and the word for each.
_TROUBLES = {
    "late_notes": "late",
    "repeats": "repeated",
    "lost_notes": "lost",
    "underruns": "underruns",
    "overruns": "overruns",
    "preempted": "preempted",
    "worker_muted_sounds": "muted",
    "worker_failed_runs": "failed",
}


def meter(level: float) -> Text:
    """A bar for a peak level (linear), from -48 dBFS to full scale."""
    decibels = 20 * math.log10(level) if level > 0 else -math.inf
    part = min(max(1 - decibels / _FLOOR_DB, 0.0), 1.0)
    whole, rest = divmod(round(part * _WIDTH * 8), 8)
    bar = ("█" * whole + _EIGHTHS[rest])[:_WIDTH].ljust(_WIDTH)
    return Text(bar, style="red" if decibels > _HOT_DB else "green")


def live_line(host: LiveHost) -> Text:
    """One line on how the host does."""
    counts = host.counts()
    line = Text(" ")
    for level in host.levels:
        line.append_text(meter(level)).append(" ")
    line.append(f"voices {counts['active_voices']:2d}  notes {counts['notes']}")
    for name, word in _TROUBLES.items():
        if name in ("late_notes", "underruns") or counts[name]:
            style = "bold yellow" if counts[name] else "dim"
            line.append(f"  {word} {counts[name]}", style=style)
    line.append(f"  load {load(host, counts):.0%}", style="dim")
    line.append(f"  latency {host.latency.milliseconds:.1f} ms", style="dim")
    return line


def load(host: LiveHost, counts: dict[str, int]) -> float:
    """Part of the time that the audio thread needed, since the start."""
    played_ns = 1e9 * counts["callbacks"] * host.block / host.sample_rate
    return counts["busy_ns"] / played_ns if played_ns else 0.0
