"""Parameters that a card declares: checked, bounded, in an order of their own."""

from __future__ import annotations

import pytest

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models import parameters
from rtaudio_dl.models.card import from_json, from_mapping
from tests.models.models import oneshot_card

DRIVE = {"low": 0, "high": 24, "default": 6, "unit": "dB", "smoothing": 0.02}


def fields(**table) -> dict:
    import json

    return json.loads(oneshot_card().to_json()) | {"parameters": table}


def test_a_card_keeps_its_parameters_in_the_order_of_their_ids():
    card = from_mapping(fields(warmth={"low": 0, "high": 1}, drive=DRIVE), "here")
    assert list(card.parameters) == ["drive", "warmth"]
    drive, warmth = card.parameters.values()
    assert (drive.low, drive.high, drive.default) == (0, 24, 6)
    assert (drive.unit, drive.smoothing, drive.curve) == ("dB", 0.02, "linear")
    assert (warmth.default, warmth.meaning, warmth.smoothing) == (0, "warmth", 0)
    assert from_json(card.to_json(), "there") == card


def test_a_card_without_parameters_is_written_as_before():
    assert "parameters" not in oneshot_card().to_json()


WRONG = {
    "parameters is 3": 3,
    "parameters is 17; allowed: at most 16": {
        f"p{i}": DRIVE for i in range(parameters.MAX_PARAMETERS + 1)
    },
    "parameters is 'Drive'; allowed: an id": {"Drive": DRIVE},
    "parameters is 'gain'; allowed: another id": {"gain": DRIVE},
    "parameters.drive is 1; allowed: a mapping": {"drive": 1},
    "parameters.drive.step is 'unknown'": {"drive": DRIVE | {"step": 1}},
    "parameters.drive.low is None": {"drive": {"high": 1}},
    "parameters.drive.low is nan": {"drive": DRIVE | {"low": float("nan")}},
    "parameters.drive.high is inf": {"drive": DRIVE | {"high": float("inf")}},
    "parameters.drive.high is 0.0; allowed: more": {"drive": {"low": 0, "high": 0}},
    "parameters.drive.high is 1.0; allowed: more than low; only": {
        "drive": {"low": -1, "high": 1, "curve": "cubic"}
    },
    "parameters.drive.default is 25": {"drive": DRIVE | {"default": 25}},
    "parameters.drive.curve is 'log'": {"drive": DRIVE | {"curve": "log"}},
    "parameters.drive.smoothing is -1": {"drive": DRIVE | {"smoothing": -1}},
    "parameters.drive.unit is 3": {"drive": DRIVE | {"unit": 3}},
    "parameters.drive.name is 'xxxx": {"drive": DRIVE | {"name": "x" * 65}},
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_said_with_what_is_allowed(message):
    with pytest.raises(ModelError) as raised:
        from_mapping(fields() | {"parameters": WRONG[message]}, "here")
    assert str(raised.value).startswith(f"here: {message}")
