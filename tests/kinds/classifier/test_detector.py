"""From scores to events, against what each setting promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudio_dl.engine.detection import DETECTION
from rtaudio_dl.kinds.classifier.detector import (
    CLASS,
    DETECTOR,
    detect,
    end_all,
    reset_detector,
)

HOP, WINDOW = 100, 400


class Ear:
    """A detector whose scores come from the test, one row per hop of 100 frames."""

    def __init__(self, classes: int = 1, silent=(), **settings):
        self.detector = np.zeros(1, DETECTOR)
        self.classes = np.zeros(classes, CLASS)
        self.found = np.zeros(classes, DETECTION)
        self.classes["threshold"], self.classes["release"] = 0.6, 0.4
        self.classes["silent"][list(silent)] = 1
        for name, value in settings.items():
            table = self.detector if name in DETECTOR.names else self.classes
            table[name] = value
        reset_detector(self.detector, self.classes)
        self.frame = 0

    def hear(self, *rows) -> list[tuple[int, int, int]]:
        """(hop, label, on) for each change."""
        told = []
        for row in rows:
            scores = np.atleast_1d(np.asarray(row, np.float64))
            self.frame += HOP
            begin = max(0, self.frame - WINDOW)
            count = detect(
                *(self.detector, self.classes, scores, self.frame, begin, self.found)
            )
            told += [self._change(record) for record in self.found[:count]]
        return told

    def _change(self, record):
        assert record["frame"] == record["end"] == self.frame
        return self.frame // HOP, int(record["label"]), int(record["on"])


def test_a_label_begins_at_its_threshold_and_ends_below_its_release():
    told = Ear().hear(0.1, 0.59, 0.6, 0.5, 0.41, 0.7, 0.4, 0.39, 0.5, 0.6)
    assert told == [(3, 0, 1), (8, 0, 0), (10, 0, 1)]


def test_evidence_and_confidence_of_an_event():
    ear = Ear()
    ear.hear(0, 0, 0, 0, 0, 0.7)
    assert ear.found[0]["begin"] == 600 - WINDOW
    assert ear.found[0]["confidence"] == 0.7
    ear.hear(0.9, 0.1)
    assert ear.found[0]["on"] == 0
    assert ear.found[0]["confidence"] == 0.9  # the highest of the event


def test_a_score_must_hold():
    told = Ear(hold=200).hear(0.7, 0.7, 0.1, 0.7, 0.7, 0.7, 0.1)
    assert told == [(6, 0, 1), (7, 0, 0)]


def test_a_label_rests_after_it_began():
    told = Ear(refractory=500).hear(0.7, 0.1, 0.7, 0.1, 0.1, 0.7, 0.1)
    assert told == [(1, 0, 1), (2, 0, 0), (6, 0, 1), (7, 0, 0)]


def test_smoothing_is_that_of_its_time_constant():
    ear = Ear(smoothing=200.0)
    ear.hear(0.0, 1.0, 1.0)
    assert ear.classes["smoothed"][0] == pytest.approx(1 - np.exp(-200 / 200))


def test_hops_that_were_left_out_count_for_the_smoothing():
    one, two = Ear(smoothing=200.0), Ear(smoothing=200.0)
    one.hear(0.0, 1.0, 1.0)
    two.hear(0.0)
    two.frame += HOP
    two.hear(1.0)
    assert two.classes["smoothed"][0] == pytest.approx(one.classes["smoothed"][0])


def test_background_is_never_an_event():
    assert Ear(2, silent=[0]).hear([1, 0], [1, 0], [0, 0.9]) == [(3, 1, 1)]


def test_labels_of_their_own_may_be_on_together():
    told = Ear(2).hear([0.9, 0.1], [0.9, 0.9], [0.1, 0.9])
    assert told == [(1, 0, 1), (2, 1, 1), (3, 0, 0)]


def test_exclusive_labels_end_each_other_and_only_the_best_begins():
    ear = Ear(3, exclusive=1, silent=[2])
    assert ear.hear([0.7, 0.65, 0.1]) == [(1, 0, 1)]
    assert ear.hear([0.65, 0.7, 0.1]) == [(2, 0, 0), (2, 1, 1)]
    assert ear.hear([0.1, 0.1, 0.9]) == [(3, 1, 0)]
    assert ear.hear([0.7, 0.1, 0.9]) == []  # the background is better


def test_exclusive_labels_share_the_pause():
    ear = Ear(2, exclusive=1, refractory=300)
    assert ear.hear([0.7, 0], [0, 0.7], [0, 0.7], [0, 0.7]) == [
        *((1, 0, 1), (2, 0, 0), (4, 1, 1))
    ]


def test_the_end_of_a_file_ends_what_is_on():
    ear = Ear(3)
    ear.hear([0.9, 0.1, 0.9])
    assert end_all(ear.classes, 500, ear.found, 0) == 2
    assert ear.found["label"][:2].tolist() == [0, 2]
    assert ear.found["on"][:2].tolist() == [0, 0]


rows = st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=60)


@settings(deadline=None, max_examples=200)
@given(
    rows,
    st.booleans(),
    st.integers(0, 5),
    st.integers(0, 8),
    st.sampled_from([0.0, 50.0, 300.0]),
)
def test_what_holds_for_all_scores(rows, exclusive, hold, rest, smoothing):
    ear = Ear(
        *(3, [2]),
        exclusive=exclusive,
        hold=hold * HOP,
        refractory=rest * HOP,
        smoothing=smoothing,
    )
    told = ear.hear(*rows)
    for label in range(3):
        changes = [(hop, on) for hop, other, on in told if other == label]
        assert [on for _, on in changes] == [
            (i + 1) % 2 for i in range(len(changes))
        ]  # no two beginnings without an end between
        assert label != 2 or not changes
        begins = [hop for hop, on in changes if on]
        assert all(b - a >= rest for a, b in zip(begins, begins[1:], strict=False))
    if exclusive:
        on = 0
        for _, _, begins in told:
            on += 1 if begins else -1
            assert on in (0, 1)
        hops = [hop for hop, _, begins in told if begins]
        assert all(b - a >= rest for a, b in zip(hops, hops[1:], strict=False))
