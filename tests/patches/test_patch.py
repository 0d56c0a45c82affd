"""Patch files: what they may say, and one clear error for all the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rtaudio_dl.engine import parameters
from rtaudio_dl.errors import PatchError
from rtaudio_dl.kinds.sound import memory
from rtaudio_dl.patches import patch as patches
from rtaudio_dl.patches.patch import (
    PARAMETERS,
    Key,
    find_patch,
    parse_patch,
    read_patch,
)

SHIPPED = sorted((Path(__file__).parents[2] / "configs/patches").glob("*.toml"))
LEAST = {"model": "drums", "keys": {"36": {}}}

texts = st.text(max_size=8)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    texts,
)
names = st.one_of(
    st.sampled_from(
        ["model", "keys", "keyboard", "parameters", "controls", "seed", "depth"]
        + ["freshness", "one_shot", "program", "title", "36", "class", "low", "root"]
        + ["ears", "labels", "detector", "velocity", "channel", "key"]
    ),
    texts,
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=5)
    ),
    max_leaves=12,
)


def parse(**fields):
    return parse_patch(LEAST | fields, "kit", "kit.toml")


def key(**fields) -> Key:
    return parse(keys={"36": fields}).keys[36]


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "kit.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- what they may say


def test_the_least_patch_has_every_default():
    patch = parse()
    assert patch.keys == {36: Key(latent=36)}
    assert patch.parameters == {n: p.default for n, p in PARAMETERS.items()}
    assert (patch.freshness, patch.depth, patch.seed) == ("pooled", 2, 0)
    assert (patch.one_shot, patch.program, patch.title) == (False, None, "kit")


def test_a_key_says_what_it_plays():
    said = key(
        **{"name": "Kick", "class": "kick", "shift": -2, "gain": 0.5, "pan": 1},
        **{"choke": 3, "latent": 99},
    )
    assert said == Key("Kick", {"kick": 1.0}, -2.0, 0.5, 1.0, 3, 99)


def test_classes_can_be_mixed():
    assert key(**{"class": {"kick": 0.7, "tom": 1}}).classes == {"kick": 0.7, "tom": 1}


def test_a_keyboard_plays_one_sound_at_its_pitches():
    keys = parse(keys={}, keyboard={"low": 48, "high": 72, "root": 60}).keys
    assert sorted(keys) == list(range(48, 73))
    assert [keys[k].shift for k in (48, 60, 72)] == [-12, 0, 12]
    assert {k.latent for k in keys.values()} == {60}


def test_a_keyboard_can_give_each_key_a_sound_of_its_own():
    keys = parse(keyboard={"shared": False}).keys
    assert [keys[k].latent for k in (0, 127)] == [0, 127]


def test_a_key_goes_before_the_keyboard():
    keys = parse(keyboard={"class": "tom"}, keys={"36": {"class": "kick"}}).keys
    assert (keys[36].classes, keys[37].classes) == ({"kick": 1.0}, {"tom": 1.0})


def test_controls_name_parameters():
    assert parse(controls={"1": "morph", "74": "tune"}).controls == {
        1: "morph",
        74: "tune",
    }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_patch_is_read(path):
    patch = read_patch(path)
    assert patch.name == path.stem
    assert patch.title != patch.name  # somebody will read it in a list


def test_patches_are_found_by_name_or_path(tmp_path, monkeypatch):
    (tmp_path / "patches").mkdir()
    path = written(tmp_path / "patches", 'model = "drums"\n[keys.36]\n')
    monkeypatch.setattr(patches, "config_folders", lambda: [tmp_path])
    assert find_patch("kit") == find_patch(str(path))
    assert patches.patch_files() == {"kit": path}
    with pytest.raises(PatchError, match="no patch 'kat'; there are: kit;"):
        find_patch("kat")


def test_the_first_folder_goes_before_the_others(tmp_path, monkeypatch):
    folders = [tmp_path / "mine", tmp_path / "shipped"]
    for folder in folders:
        (folder / "patches").mkdir(parents=True)
        written(folder / "patches", f'model = "{folder.name}"\n[keys.36]\n')
    monkeypatch.setattr(patches, "config_folders", lambda: folders)
    assert find_patch("kit").model == "mine"


def test_parameters_and_bounds_are_those_of_the_engine():
    assert len(PARAMETERS) <= parameters.PARAMETERS
    for number, name in enumerate(PARAMETERS):
        assert getattr(parameters, name.upper()) == number
    assert patches.MAX_DEPTH == memory.DEPTH
    for number, name in enumerate(patches.FRESHNESS):
        assert getattr(memory, name.upper()) == number


# --- all the rest


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"model": 3}, "model is 3; allowed: text"),
        ({"keys": {}}, r"keys is 'none'; allowed: a table \[keys.NUMBER\]"),
        ({"keys": []}, r"keys is \[\]; allowed: a table"),
        ({"keys": {"128": {}}}, "keys.128 is 'unknown'; .* from 0 to 127"),
        ({"keys": {"-1": {}}}, "keys.-1 .* from 0 to 127"),
        ({"keys": {"036": {}}}, "keys.036 .* from 0 to 127"),
        ({"keys": {"0000000001270": {}}}, "from 0 to 127"),
        ({"keys": {"٣": {}}}, "from 0 to 127"),
        ({"keys": {"36": 1}}, "keys.36 is 1; allowed: a table"),
        ({"keys": {"36": {"pitch": 1}}}, "keys.36.pitch is 'unknown'; allowed: choke,"),
        ({"keys": {"36": {"pan": 1.5}}}, "keys.36.pan is 1.5; .* from -1 to 1"),
        ({"keys": {"36": {"choke": 1.0}}}, "choke is 1.0; allowed: a whole number"),
        ({"keys": {"36": {"latent": -1}}}, "latent is -1; allowed: a whole number"),
        ({"keys": {"36": {"class": 7}}}, "keys.36.class is 7; allowed: a table"),
        ({"keys": {"36": {"class": {"kick": 2}}}}, "class.kick is 2; .* from 0 to 1"),
        ({"keyboard": {"low": 60, "high": 50}}, "high is 50; .* from 60 to 127"),
        ({"parameters": {"gian": 1}}, "parameters.gian is 'unknown'; allowed: attack,"),
        ({"parameters": {"gain": 5}}, "parameters.gain is 5; .* from 0 to 4"),
        ({"parameters": {"gain": True}}, "parameters.gain is True; .* a number"),
        ({"parameters": {"gain": float("nan")}}, "gain is nan; .* from 0 to 4"),
        ({"parameters": {"gain": float("inf")}}, "gain is inf; .* from 0 to 4"),
        ({"parameters": {"gain": 10**400}}, r"gain is 10+\.\.\.; .* from 0 to 4"),
        ({"parameters": {"gain": 1 << 20_000}}, "<int too large to be shown>"),
        ({"controls": {"1": "murph"}}, "controls.1 is 'murph'; allowed: gain, pan,"),
        ({"controls": {"120": "morph"}}, "controls.120 .* from 0 to 119"),
        ({"controls": {"64": "morph"}}, "controls.64 is 'morph'; .* any control but 7"),
        ({"freshness": "new"}, "freshness is 'new'; allowed: pooled, fresh, frozen"),
        ({"freshness": ["new"]}, r"freshness is \['new'\]; allowed: pooled"),
        ({"depth": 0}, "depth is 0; allowed: a whole number from 1 to 4"),
        ({"depth": 5}, "depth is 5; allowed: a whole number from 1 to 4"),
        ({"depth": True}, "depth is True; allowed: a whole number from 1 to 4"),
        ({"seed": -1}, "seed is -1; allowed: a whole number from 0"),
        ({"seed": 1 << 63}, "seed is 9223372036854775808; allowed: a whole number"),
        ({"one_shot": 1}, "one_shot is 1; allowed: true or false"),
        ({"program": 128}, "program is 128; allowed: a whole number from 0 to 127"),
        ({"modle": "x"}, "modle is 'unknown'; allowed: controls, depth, ears,"),
    ],
)
def test_an_error_says_place_value_and_what_is_allowed(fields, message):
    with pytest.raises(PatchError, match=message) as raised:
        parse(**fields)
    assert str(raised.value).startswith("kit.toml: ")
    assert len(str(raised.value)) < 400


def test_a_patch_needs_a_model():
    with pytest.raises(PatchError, match="model is 'missing'; allowed: a value"):
        parse_patch({"keys": {"36": {}}}, "kit", "kit.toml")


@pytest.mark.parametrize(
    "text, message",
    [
        ("model = ", "not TOML"),
        (b"\xff\xfe", "not UTF-8"),
        ("a = [" * 5000, "not TOML"),
        ("a = " + "9" * 5000, "not TOML"),
        ("a = 2021-13-45", "not TOML"),
        ("#" * (patches.MAX_PATCH_BYTES + 1), "larger than 1048576 bytes"),
        ("", "model is 'missing'"),
    ],
)
def test_a_broken_file_is_one_clear_error(tmp_path, text, message):
    with pytest.raises(PatchError, match=message):
        read_patch(written(tmp_path, text))


def test_what_is_no_file_is_said_to_be_none(tmp_path):
    for path in (tmp_path, tmp_path / "none.toml", Path("a\0b.toml")):
        with pytest.raises(PatchError, match="is not a file"):
            read_patch(path)


def test_a_file_that_may_not_be_read_is_an_error(tmp_path, monkeypatch):
    path = written(tmp_path, "")

    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(PatchError, match="cannot be read: Permission denied"):
        read_patch(path)


@settings(deadline=None)
@given(st.dictionaries(names, trees, max_size=6))
def test_no_content_raises_anything_else(fields):
    try:
        patch = parse_patch(LEAST | fields, "kit", "kit.toml")
    except PatchError:
        return
    assert patch.keys and set(patch.keys) <= set(range(128))
    assert set(patch.parameters) == set(PARAMETERS)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(tmp_path, content):
    with pytest.raises(PatchError):
        read_patch(written(tmp_path, content))
