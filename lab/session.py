"""What every benchmark is handed: how long to take, whom to tell, what was left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Session:
    """One run of the lab.

    ``quick`` asks for seconds rather than minutes; ``progress`` is told what is being
    done and which part (0..1) of the benchmark is behind; ``notes`` collects what could
    not be measured and why. ``device`` names a sound card with a cable on its input
    ``channel`` (from 0), to measure latency with; None: JACK. ``clips`` holds words to
    listen to, in a folder for each; None: no words.
    """

    quick: bool = False
    peers: bool = True
    device: str | None = None
    channel: int = 0
    clips: Path | None = None
    minutes: float | None = None  # of the soak; None: its own default
    progress: Callable[[str, float], None] = lambda what, part: None
    notes: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        """Keep a line for the report, once."""
        if line not in self.notes:
            self.notes.append(line)
