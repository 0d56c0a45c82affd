"""Where a run is and how far: most configurations ask for one, folds for several."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.run import checkpoint
from training.run.config import Config


@dataclass(frozen=True)
class Part:
    """One run, by its configuration."""

    config: Config

    @property
    def folder(self) -> Path:
        """Where its checkpoints are."""
        return Path(self.config.output.run)

    def started(self) -> bool:
        """Whether it has a checkpoint."""
        return any(self.folder.glob(checkpoint.PATTERN))

    def finished(self) -> bool:
        """Whether its newest checkpoint is of the end, or time is up."""
        if not self.started():
            return False
        facts = checkpoint.facts(checkpoint.latest(self.folder))
        training = self.config.training
        over = 0 < training.max_minutes <= facts["minutes"]
        return over or (facts["done"] and facts["goal"] >= training.goal)
