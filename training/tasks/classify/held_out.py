"""What trained networks say of sounds that they were not trained on.

The temperature and the thresholds of a run come from its valid part. A run without one,
as in cross-validation, takes them from the *other* runs' test sounds, each scored
by a network that did not hear it. So no run's test sounds choose anything of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.errors import DataError
from training.run.part import Part
from training.tasks.classify import calibrate, windows
from training.tasks.classify.dataset import Dataset, load
from training.tasks.classify.trained import Trained
from training.tasks.classify.trained import load as load_trained


@dataclass(frozen=True)
class Scored:
    """Logits of a part's windows; ``clip`` maps a window to a position in ``rows``."""

    rows: np.ndarray
    logits: np.ndarray
    clip: np.ndarray
    classes: np.ndarray

    def scores(self, temperature: float = 1.0) -> np.ndarray:
        """Probabilities (windows, C)."""
        return calibrate.softmax(self.logits, temperature)

    def window_classes(self) -> np.ndarray:
        """The true class of each window."""
        return self.classes[self.clip]


@dataclass(frozen=True)
class Outcome:
    """One run judged: its network, its data, and what it says of valid and test."""

    part: Part
    data: Dataset
    trained: Trained
    valid: Scored | None
    test: Scored


@dataclass(frozen=True)
class Calibration:
    """A temperature, one threshold per class, and what they were chosen on."""

    temperature: float
    thresholds: tuple[float, ...]
    chosen_on: str


def judge(part: Part, progress=iter) -> Outcome:
    """Run a finished network over the sounds that its run held out."""
    data, trained = load(part.config, progress), load_trained(part)
    if trained.facts["data"] != data.digest:
        raise DataError(
            f"{part.folder}: trained on other sounds or parts than "
            f"{part.config.data.manifest} gives now; train again"
        )
    valid = _scored(trained, data, "valid") if len(data.rows("valid")) else None
    return Outcome(part, data, trained, valid, _scored(trained, data, "test"))


def calibrations(outcomes: list[Outcome]) -> list[Calibration]:
    """One for each outcome. Raises DataError where there is nothing to choose on."""
    found = []
    for outcome in outcomes:
        if outcome.valid is not None:
            found.append(_fit(outcome, [outcome.valid], "valid part"))
            continue
        others = [o.test for o in outcomes if o is not outcome]
        if not others:
            raise DataError(
                f"{outcome.part.folder}: no valid part and no other folds to choose a "
                "temperature on; set data.valid_share, or train the other folds"
            )
        found.append(_fit(outcome, others, "the other folds' held-out sounds"))
    return found


def _fit(outcome: Outcome, on: list[Scored], name: str) -> Calibration:
    logits = np.concatenate([s.logits for s in on])
    classes = np.concatenate([s.window_classes() for s in on])
    temperature = calibrate.temperature(logits, classes)
    scores = calibrate.softmax(logits, temperature)
    wanted = outcome.part.config.detector.precision
    thresholds = calibrate.thresholds(scores, classes, wanted)
    return Calibration(temperature, tuple(thresholds), name)


def _scored(trained: Trained, data: Dataset, part: str) -> Scored:
    rows = data.rows(part)
    cut = windows.cut(data.clips, rows, data.config.data.frames)
    return Scored(rows, trained.scorer(cut.floats()), cut.clip, data.classes[rows])
