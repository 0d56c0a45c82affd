"""Timbres of a card and of the user: found by name, refused where they are wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudio_dl.errors import ModelError, PatchError
from rtaudio_dl.files.paths import SEARCH_VARIABLE
from rtaudio_dl.models.timbre import Timbre, find_timbre, is_vector, read_timbre
from tests.kinds.stream.models import sine_card

CARD = sine_card()
MINE = {"model": "sine", "z": [0.25, 1], "family": "mine", "xy": [0.5, 0.25]}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A function that writes a timbre of the user's own."""
    monkeypatch.setenv(SEARCH_VARIABLE, str(tmp_path))
    (tmp_path / "configs" / "timbres").mkdir(parents=True)

    def write(name, text):
        path = tmp_path / "configs" / "timbres" / f"{name}.json"
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return path

    return write


def test_a_timbre_of_the_card_is_found():
    assert find_timbre("Half", CARD) == Timbre("Half", (0.5, 0.0), "organ", (1.0, 0.0))


def test_a_timbre_of_the_user_is_found(own):
    own("Mine", MINE)
    assert find_timbre("Mine", CARD) == Timbre("Mine", (0.25, 1.0), "mine", (0.5, 0.25))


def test_what_is_not_there_is_named_with_what_is(own):
    own("Mine", MINE)
    with pytest.raises(PatchError, match="'Gone'; there are: Full, Half, Mine"):
        find_timbre("Gone", CARD)


@pytest.mark.parametrize(
    "text, wrong",
    [
        (MINE | {"model": "other"}, "belongs to model 'other', not to 'sine'"),
        (MINE | {"z": [1.0]}, "list of 2 numbers"),
        (MINE | {"z": ["a", 1]}, "list of 2 numbers"),
        ([1, 2], "belongs to model None"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        (" " * (2 << 20), "no file of at most"),
    ],
)
def test_a_file_that_is_no_timbre_is_refused(own, text, wrong):
    with pytest.raises(PatchError, match=wrong):
        read_timbre(own("Bad", text), CARD)


def test_a_model_without_timbres_takes_none(own):
    with pytest.raises(PatchError, match="takes no timbre"):
        read_timbre(own("Mine", MINE), sine_card(timbre=0))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_a_vector_is_finite_whatever_comes(value):
    if is_vector(value):
        assert all(abs(number) <= 1e3 for number in value)


def test_a_card_whose_timbres_are_wrong_is_refused():
    with pytest.raises(ModelError, match="timbres"):
        find_timbre("A", sine_card(extra={"timbres": 3}))
