"""Patches of streams: their corners, and what only patches of sounds may set."""

from __future__ import annotations

import pytest

from rtaudio_dl.errors import PatchError
from rtaudio_dl.host.host import Host
from rtaudio_dl.kinds.stream.kind import Stream
from rtaudio_dl.patches.patch import find_patch, parse_patch
from tests.engine.rig import make_patch
from tests.kinds.stream.models import write_sine
from tests.kinds.stream.rig import stream_patch
from tests.models.models import write_oneshot

PATCH = {"model": "sine", "keyboard": {"low": 24, "high": 108}}


@pytest.fixture(scope="module")
def sine(tmp_path_factory):
    return write_sine(tmp_path_factory.mktemp("models") / "sine.onnx")


@pytest.fixture
def host():
    with Host() as host:
        yield host


def morph(corners):
    return parse_patch(PATCH | {"morph": {"corners": corners}}, "a", "a.toml")


def test_corners_are_names_or_vectors():
    assert morph(["Full", [1, 2]]).corners == ("Full", (1.0, 2.0))
    assert parse_patch(PATCH, "a", "a.toml").corners == ()


@pytest.mark.parametrize(
    "corners", [[], ["A"] * 3, ["A"] * 5, "A", [1], [[]], [[float("inf")]], [""], None]
)
def test_corners_that_are_none_are_refused(corners):
    with pytest.raises(PatchError, match="corners"):
        morph(corners)


def test_morph_has_corners_alone():
    with pytest.raises(PatchError, match=r"morph\.x is 'unknown'; allowed: corners"):
        parse_patch(PATCH | {"morph": {"corners": ["A"], "x": 1}}, "a", "a.toml")


def test_a_timbre_that_the_model_has_not_is_named(host, sine):
    with pytest.raises(PatchError, match="no timbre 'Oboe'; there are: Full, Half"):
        host.load(stream_patch(sine, corners=("Oboe",)))


def test_a_vector_of_another_size_is_refused(host, sine):
    with pytest.raises(PatchError, match="a corner has 3 numbers, but .* has 2"):
        host.load(stream_patch(sine, corners=((1.0, 2.0, 3.0),)))


def test_a_model_without_timbres_takes_no_corners(host, tmp_path):
    model = write_sine(tmp_path / "plain.onnx", timbre=0)
    with pytest.raises(PatchError, match="takes no timbre; remove"):
        host.load(stream_patch(model))
    host.load(stream_patch(model, corners=()))
    host.note_on(60)
    assert abs(host.render(0.1)).max() > 0.1


def test_a_kit_takes_no_corners(host, tmp_path):
    kit = write_oneshot(tmp_path / "kit.onnx")
    with pytest.raises(PatchError, match=r"has \[morph\], but model 'test' is of kind"):
        host.load(make_patch(model=str(kit), corners=("A",)))


@pytest.mark.parametrize(
    "fields, what",
    [
        ({"freshness": "fresh"}, "freshness = 'fresh'"),
        ({"depth": 3}, "depth = 3"),
        ({"one_shot": True}, "one_shot = True"),
        ({"controls": {1: "morph"}}, "control 1 = 'morph'"),
        ({"parameters": {"variation": 0.5}}, "parameter variation"),
    ],
)
def test_what_only_sounds_have_is_refused(host, sine, fields, what):
    with pytest.raises(PatchError, match=f"sets {what}, but model .* is a stream"):
        host.load(stream_patch(sine, **fields))
    assert not host.instruments


def test_the_corners_that_play_are_kept_as_they_are(host, sine):
    instrument = host.load(stream_patch(sine, corners=("Full", "Half")))
    assert instrument.patch.corners == ((1.0, 0.0), (0.5, 0.0))
    assert isinstance(instrument, Stream)


def test_the_patch_that_ships_plays_over_the_whole_keyboard(host):
    patch = find_patch("notes")
    assert set(patch.keys) == set(range(24, 109))
    host.load(patch)
    for key in (24, 60, 108):
        host.note_on(key, 0.8)
    host.render(0.2)
    counts = host.counts()
    assert counts["sounded"] == 3 and counts["late_hops"] == 0
    assert counts["stream_muted_hops"] == counts["stream_failed_runs"] == 0
