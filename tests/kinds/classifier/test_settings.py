"""Settings of a detector: what a card says, what is changed, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.errors import ModelError
from rtaudio_dl.kinds.classifier.detector import CLASS, DETECTOR
from rtaudio_dl.kinds.classifier.settings import (
    RELEASE,
    THRESHOLD,
    activation_of,
    detector_settings,
    hop_of,
)
from rtaudio_dl.models.card import Card, Tensor

LABELS = ("_silence_", "yes", "no")
RATE = 16_000


def card_of(stateful: bool = False, **extra) -> Card:
    inputs = [Tensor("audio", "audio", ("B", RATE))]
    if stateful:
        inputs.append(Tensor("h", "state", ("B", 4)))
    scores = (Tensor("scores", "scores", ("B", len(LABELS))),)
    return Card("x", "classifier", RATE, tuple(inputs), scores, LABELS, extra=extra)


def test_without_a_word_from_the_card_there_are_defaults():
    settings = detector_settings(card_of())
    assert settings.threshold == (THRESHOLD,) * 3
    assert settings.release == (THRESHOLD * RELEASE,) * 3
    assert settings.background == {"_silence_"}
    assert settings.exclusive
    assert not detector_settings(card_of(multi_label=True)).exclusive


def test_the_card_decides_and_the_listener_above_it():
    own = {"threshold": {"yes": 0.9, "no": 0.4}, "release": 0.5, "hold_seconds": 0.2}
    settings = detector_settings(card_of(detector=own), {"hold_seconds": 0.1})
    assert settings.threshold == (THRESHOLD, 0.9, 0.4)
    assert settings.release == (THRESHOLD / 2, 0.45, 0.2)
    assert settings.hold_seconds == 0.1


def test_what_a_newer_card_adds_is_left_alone():
    assert detector_settings(card_of(detector={"method": "new"}))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"treshold": 1}, r"no setting \['treshold'\]; it has: threshold, release"),
        ({"threshold": 1.1}, "detector.threshold is 1.1; .* from 0 to 1"),
        ({"threshold": {"maybe": 1}}, "detector.threshold.maybe is 'unknown'"),
        ({"threshold": {"yes": "loud"}}, "threshold.yes is 'loud'; .* a number"),
        ({"release": float("nan")}, "detector.release is nan"),
        ({"hold_seconds": -1}, "hold_seconds is -1; .* from 0 to 60"),
        ({"background": ["hum"]}, "background is 'hum'; allowed: _silence_, yes, no"),
        ({"background": "yes"}, "background is 'yes'; allowed: a list of labels"),
        ({"exclusive": 1}, "exclusive is 1; allowed: true or false"),
    ],
)
def test_what_is_wrong_is_one_clear_error(changes, message):
    with pytest.raises(ModelError, match=message):
        detector_settings(card_of(), changes)


def test_a_detector_that_is_no_table_is_an_error():
    with pytest.raises(ModelError, match="detector is 3, not a table"):
        detector_settings(card_of(detector=3))


def test_times_become_frames_of_the_input():
    settings = detector_settings(
        card_of(), {"hold_seconds": 0.1, "refractory_seconds": 0.5, "threshold": 0.6}
    )
    detector, classes = np.zeros(1, DETECTOR), np.zeros(3, CLASS)
    settings.write(detector, classes, 48_000)
    assert (detector["hold"][0], detector["refractory"][0]) == (4800, 24_000)
    assert classes["silent"].tolist() == [1, 0, 0]
    assert classes["threshold"].tolist() == [0.6] * 3
    assert classes["since"].tolist() == [-1] * 3


@pytest.mark.parametrize(
    "card, hop",
    [
        (card_of(), RATE // 4),
        (card_of(stateful=True), RATE),
        (card_of(hop_seconds=0.1), 1600),
        (card_of(hop_seconds=1), RATE),
    ],
)
def test_the_hop_is_the_cards_or_a_part_of_the_window(card, hop):
    assert hop_of(card) == hop


@pytest.mark.parametrize("seconds", [0, -1, 1.1, "0.1", True, None, float("nan")])
def test_a_hop_that_cannot_be_is_an_error(seconds):
    with pytest.raises(ModelError, match="hop_seconds is .*; allowed: more than"):
        hop_of(card_of(hop_seconds=seconds))


def test_an_activation_that_is_unknown_is_an_error():
    assert activation_of(card_of(activation="softmax")) == 1
    with pytest.raises(ModelError, match="'relu'; allowed: none, softmax, sigmoid"):
        activation_of(card_of(activation="relu"))
