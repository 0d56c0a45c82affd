"""From what a model gives to probabilities of its labels."""

from __future__ import annotations

import math

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import floats_at
from rtaudio_dl.kinds.classifier.layout import SIGMOID, SOFTMAX

_SANE = 1e30  # no score gets here


@rt_kernel
def take_scores(analysis):
    """Make probabilities of the model's scores; False if one is no number.

    [worker]
    """
    state = analysis.state[0]
    scores = analysis.scores[: state.labels]
    given = floats_at(state.scores, scores.size)
    highest = -_SANE
    for i in range(scores.size):
        if not abs(given[i]) < _SANE:  # NaN compares false
            return False
        scores[i] = given[i]
        highest = max(highest, scores[i])
    total = 0.0
    for i in range(scores.size):
        if state.activation == SOFTMAX:
            scores[i] = math.exp(scores[i] - highest)
        elif state.activation == SIGMOID:
            scores[i] = 1.0 / (1.0 + math.exp(-scores[i]))
        total += scores[i]
    if state.activation == SOFTMAX:
        for i in range(scores.size):
            scores[i] /= total
    return True
