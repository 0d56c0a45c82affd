"""The minutes of a run, which a resumed one goes on counting."""

from __future__ import annotations

import time


class Clock:
    """Counts ``run.minutes``, and says when something is due.

    The limit is ``run.config.training.max_minutes``, 0 for none.
    """

    def __init__(self, run):
        self.run = run
        self.last: float | None = None  # Starts at the first batch, not at the set-up.
        self.since: dict[str, float] = {}

    def over(self) -> bool:
        """Count the time since the last call; whether the limit is reached."""
        now = time.monotonic()
        self.run.minutes += (now - (self.last or now)) / 60
        self.last = now
        limit = self.run.config.training.max_minutes
        return bool(limit) and self.run.minutes >= limit

    def due(self, what: str, every: float) -> bool:
        """Whether ``every`` minutes have gone by since ``what`` was due last."""
        first = self.since.setdefault(what, self.run.minutes)
        if self.run.minutes - first < every:
            return False
        self.since[what] = self.run.minutes
        return True

    def left(self) -> list[str]:
        """The minutes left as text, in a list that is empty without a limit."""
        limit = self.run.config.training.max_minutes
        return [f"{max(0.0, limit - self.run.minutes):.0f} min left"] if limit else []
