"""What all runs of a configuration say of the sounds that they held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.tasks.classify import windows
from training.tasks.classify.held_out import Calibration, Outcome


@dataclass(frozen=True)
class Verdict:
    """All test clips of all runs together: probabilities (n, C) after calibration.

    ``run`` (n,) is the position of the outcome that a clip belongs to, ``row`` its
    entry in the manifest, ``windows`` and ``window_classes`` what live use would see.
    """

    labels: tuple[str, ...]
    scores: np.ndarray
    classes: np.ndarray
    run: np.ndarray
    row: np.ndarray
    windows: np.ndarray
    raw_windows: np.ndarray
    window_classes: np.ndarray

    @property
    def found(self) -> np.ndarray:
        """The class that each clip was taken for, (n,)."""
        return self.scores.argmax(axis=1)

    def mistakes(self) -> np.ndarray:
        """Positions of the clips that were wrong, the most confident first."""
        wrong = np.flatnonzero(self.found != self.classes)
        return wrong[np.argsort(-self.scores.max(axis=1)[wrong], kind="stable")]


def verdict(outcomes: list[Outcome], calibrations: list[Calibration]) -> Verdict:
    """Put the runs' test sounds together."""
    pairs = list(zip(outcomes, calibrations, strict=True))
    live = [o.test.scores(c.temperature) for o, c in pairs]
    clips = [
        windows.per_clip(s, windows.Windows(s, o.test.clip))
        for s, (o, _) in zip(live, pairs, strict=True)
    ]
    return Verdict(
        labels=outcomes[0].trained.labels,
        scores=np.concatenate(clips),
        classes=np.concatenate([o.test.classes for o in outcomes]),
        run=np.repeat(np.arange(len(outcomes)), [len(c) for c in clips]),
        row=np.concatenate([o.test.rows for o in outcomes]),
        windows=np.concatenate(live),
        raw_windows=np.concatenate([o.test.scores() for o in outcomes]),
        window_classes=np.concatenate([o.test.window_classes() for o in outcomes]),
    )
