"""The table [ears] of a patch: short and long forms, and one error for all the rest."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudio_dl.errors import PatchError
from rtaudio_dl.patches.ears import Ears, Stroke, Trigger
from rtaudio_dl.patches.patch import parse_patch


def ears(**fields) -> Ears:
    patch = {"model": "drums", "keys": {"36": {}}}
    return parse_patch(patch | {"ears": fields}, "kit", "kit.toml").ears


def test_a_patch_without_the_table_has_no_ears():
    patch = {"model": "drums", "keys": {"36": {}}}
    assert parse_patch(patch, "kit", "kit.toml").ears is None


def test_a_label_has_a_key_and_may_have_more():
    long = {"key": 38, "channel": 9, "velocity": 0.5}
    heard = ears(
        model="commands",
        labels={"go": 36, "stop": long, "up": {"key": 40, "velocity": "confidence"}},
        detector={"hold_seconds": 0.2},
    )
    assert heard.labels["go"] == Trigger(36, None, "level")
    assert heard.labels["stop"] == Trigger(38, 9, 0.5)
    assert heard.labels["up"] == Trigger(40, None, "confidence")
    assert heard.detector == {"hold_seconds": 0.2}


labels = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.builds(
        Trigger,
        st.integers(0, 127),
        st.none() | st.integers(0, 15),
        st.sampled_from(["level", "confidence"]) | st.floats(0.01, 1),
    ),
    min_size=1,
    max_size=4,
)


@given(labels)
def test_a_flight_recording_gives_them_back(labels):
    before = Ears("onset", labels, {"threshold": 0.5}, Stroke(8, 0.02, 0.2))
    assert ears(**json.loads(json.dumps(asdict(before)))) == before


@pytest.mark.parametrize(
    "fields, message",
    [
        ({}, "ears.model is 'missing'"),
        ({"model": "onset"}, "ears.labels is 'none'; .* LABEL = KEY"),
        ({"model": "onset", "labels": {"x": 128}}, "ears.labels.x is 128"),
        ({"model": "onset", "labels": {"x": None}}, "x is 'without a key'"),
        ({"model": "onset", "labels": {"x": {}}}, "x is 'without a key'; .* 0 to 127"),
        (
            {"model": "onset", "labels": {"x": {"key": 1, "velocity": "hard"}}},
            "velocity is 'hard'; allowed: confidence, level",
        ),
        (
            {"model": "onset", "labels": {"x": {"key": 1, "velocity": 0}}},
            "velocity is 0; allowed: a number from 0.01 to 1",
        ),
        (
            {"model": "onset", "labels": {"x": {"key": 1, "chanel": 0}}},
            "ears.labels.x.chanel is 'unknown'; allowed: channel, key, velocity",
        ),
        ({"model": "onset", "labels": {"x": 1}, "mode": 1}, "ears.mode is 'unknown'"),
        (
            {"model": "onset", "labels": {"x": 1}, "stroke": {"pause": 0}},
            "ears.stroke.pause is 0; allowed: a number from 0.01 to 10",
        ),
        ({"model": "onset", "labels": 3}, "ears.labels is 3; allowed: a table"),
    ],
)
def test_what_is_wrong_is_one_clear_error(fields, message):
    with pytest.raises(PatchError, match=message):
        ears(**fields)
