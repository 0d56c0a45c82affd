"""The live line: meters, voices, and what went wrong, in one look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rtaudio_dl.host.live import LiveHost

WIDTH = 16  # characters of one meter
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
    "late_hops": "late hops",
    "stream_muted_hops": "muted hops",
    "stream_failed_runs": "failed hops",
}


def meter(level: float) -> Text:
    """A bar for a peak level (linear), from -48 dBFS to full scale."""
    decibels = 20 * math.log10(level) if level > 0 else -math.inf
    filled = bar(1 - decibels / _FLOOR_DB, WIDTH)
    return Text(filled, style="red" if decibels > _HOT_DB else "green")


def bar(part: float, width: int) -> str:
    """A bar for 0..1 of ``width`` characters, fine to an eighth of one."""
    whole, rest = divmod(round(min(max(part, 0.0), 1.0) * width * 8), 8)
    return ("█" * whole + _EIGHTHS[rest])[:width].ljust(width)


def live_line(host: LiveHost) -> Text:
    """One line on how the host does."""
    from rtaudio_dl.host.counts import lost

    counts = host.counts()
    line = Text(" ")
    for level in host.levels:
        line.append_text(meter(level)).append(" ")
    line.append(f"voices {counts['active_voices']:2d}  notes {counts['notes']}")
    for name, word in _TROUBLES.items():
        if name in ("late_notes", "underruns") or counts[name]:
            style = "bold yellow" if counts[name] else "dim"
            line.append(f"  {word} {counts[name]}", style=style)
    if told := lost(counts):
        line.append(f"  lost {told}", style="bold yellow")
    line.append(f"  load {load(host, counts):.0%}", style="dim")
    line.append(f"  latency {host.latency.milliseconds:.1f} ms", style="dim")
    return line


def load(host: LiveHost, counts: dict[str, int]) -> float:
    """Part of the time that the audio thread needed, since the start."""
    played_ns = 1e9 * counts["callbacks"] * host.block / host.sample_rate
    return counts["busy_ns"] / played_ns if played_ns else 0.0
