"""How a person names a device."""

import pytest

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.names import choices, choose, matches

LABELS = ["USB Audio (ALSA)", "USB Audio (OSS)", "USB Audio", "HDMI (ALSA)"]


@pytest.mark.parametrize("query", ["usb", "AUDIO usb", "alsa usb", "sb Au"])
def test_every_word_in_any_order_and_case(query):
    assert matches(query, "USB Audio (ALSA)")


@pytest.mark.parametrize("query", ["usb hdmi", "usbaudio"])
def test_a_word_that_is_not_there(query):
    assert not matches(query, "USB Audio (ALSA)")


def test_the_very_label_wins_over_longer_ones():
    assert choose("usb audio", LABELS, str, "output") == ["USB Audio"]


def test_all_that_match_otherwise():
    assert choose("alsa", LABELS, str, "output") == ["USB Audio (ALSA)", "HDMI (ALSA)"]


@pytest.mark.parametrize("query", ["theremin", "", "  "])
def test_nothing_lists_the_choices(query):
    with pytest.raises(DeviceError, match=r"no output matches .*there are: USB Audio"):
        choose(query, LABELS, str, "output")


def test_no_choices_are_called_none():
    assert choices([], str) == "there are: none"
