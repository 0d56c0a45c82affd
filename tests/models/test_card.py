"""Cards: a description that can be relied on, or one clear error."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models import card as cards
from rtaudio_dl.models.card import from_json, from_mapping, from_sidecar
from tests.models.models import oneshot_card

LATENT = {"name": "latent", "role": "latent", "shape": ["B", 100]}
AUDIO = {"name": "audio", "role": "audio", "shape": ["B", 16384]}
MODE = {"name": "mode", "role": "control", "shape": [], "dtype": "int64"}
LEAST = {
    "schema": 1,
    "name": "kit",
    "kind": "oneshot",
    "sample_rate": 16_000,
    "inputs": [LATENT],
    "outputs": [AUDIO],
}

texts = st.text(max_size=8)
names = st.one_of(st.sampled_from([*LEAST, "labels", "role", "shape", "dtype"]), texts)
trees = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=5)
    ),
    max_leaves=12,
)


def read(**fields):
    return from_mapping(LEAST | fields, "kit.onnx")


def test_a_card_goes_through_json_unchanged():
    card = oneshot_card(
        *(100, 3),
        velocity=True,
        root_key=60,
        license="CC0-1.0",
        data="own recordings",
        metrics={"kid": {"value": 0.1}},
        created="2026-01-01",
        extra={"latent_distribution": "uniform"},
    )
    assert from_json(card.to_json(), "kit.onnx") == card


def test_the_least_card_has_every_default():
    card = read()
    assert (card.labels, card.root_key, card.metrics) == ((), None, {})
    assert card.input("latent").dtype == "float32"
    assert card.output("audio").size() == 16384
    assert card.input("pitch") is None


def test_a_constant_goes_through_json():
    constant = read(inputs=[LATENT, MODE | {"value": 16_000}])
    assert constant.inputs[1].value == 16_000
    assert from_json(constant.to_json(), "again") == constant
    assert '"value"' not in read(inputs=[LATENT, MODE]).to_json()


def test_unknown_fields_are_kept():
    assert read(mood="blue").extra == {"mood": "blue"}


@pytest.mark.parametrize("kind, roles", cards.REQUIRED_ROLES.items())
def test_each_kind_must_have_its_roles(kind, roles):
    for side, needed in zip(("inputs", "outputs"), roles, strict=True):
        spare = [{"name": "x", "role": "control", "shape": ["B", 1]}]
        full = {
            name: [{"name": r, "role": r, "shape": ["B", 1]} for r in sorted(given)]
            for name, given in zip(("inputs", "outputs"), roles, strict=True)
        }
        assert read(kind=kind, **full).kind == kind
        with pytest.raises(ModelError, match=f"roles that include {min(needed)}"):
            read(kind=kind, **full | {side: spare})


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"schema": 2}, "schema is 2; allowed: 1; a newer rtaudio_dl"),
        ({"schema": None}, "schema is None; allowed: 1"),
        ({"kind": "organ"}, "kind is 'organ'; allowed: oneshot, note, stream"),
        ({"kind": ["oneshot"]}, r"kind is \['oneshot'\]; allowed: oneshot"),
        ({"name": ""}, "name is ''; allowed: text"),
        ({"name": None}, "name is None; allowed: text"),
        ({"sample_rate": 16_000.0}, "sample_rate is 16000.0; .* whole number"),
        ({"sample_rate": 1000}, "sample_rate is 1000; .* from 4000 to 192000"),
        ({"sample_rate": True}, "sample_rate is True"),
        ({"inputs": []}, r"inputs is \[\]; allowed: a list of 1 to 64 tensors"),
        ({"inputs": [LATENT] * 65}, r"inputs is \[\{.*\.\.\.; .* 1 to 64 tensors"),
        ({"inputs": [LATENT, LATENT]}, "inputs is .* each name once"),
        ({"inputs": ["latent"]}, r"inputs\[0\] is 'latent'; allowed: a mapping"),
        ({"inputs": [LATENT | {"role": "x"}]}, r"inputs\[0\].role is 'x'; .* latent"),
        ({"inputs": [LATENT | {"dtype": "float16"}]}, "dtype is 'float16'"),
        ({"inputs": [LATENT | {"shape": [0]}]}, "shape is 0; .* from 1 to"),
        ({"inputs": [LATENT | {"shape": [1] * 5}]}, "a list of at most 4"),
        ({"inputs": [LATENT | {"shape": [1 << 20] * 3}]}, "at most 16777216 elements"),
        ({"inputs": [LATENT | {"shape": [""]}]}, "shape is ''; allowed: text"),
        ({"outputs": [LATENT]}, "outputs of kind oneshot is 'latent'; .* audio"),
        ({"labels": "kick"}, "labels is 'kick'; allowed: a list"),
        ({"labels": ["kick", 3]}, r"labels\[1\] is 3; allowed: text"),
        ({"labels": ["x"] * 5000}, "a list of at most 4096 texts"),
        ({"root_key": 128}, "root_key is 128; .* from 0 to 127"),
        ({"metrics": []}, r"metrics is \[\]; allowed: a mapping"),
        ({"license": 3}, "license is 3; allowed: text"),
        ({"inputs": [LATENT | {"value": 1}]}, "value is 1; .* unless the role is con"),
        ({"inputs": [LATENT, MODE | {"value": "hi"}]}, "value is 'hi'; .* a number up"),
        ({"inputs": [LATENT, MODE | {"value": 1e99}]}, "value is 1e.99; .* a number"),
        ({"inputs": [LATENT, MODE | {"value": 0.5}]}, "value is 0.5; .* whole number"),
    ],
)
def test_an_error_says_place_value_and_what_is_allowed(fields, message):
    with pytest.raises(ModelError, match=message) as raised:
        read(**fields)
    assert str(raised.value).startswith("kit.onnx: ")
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "nonsense", "[1]", "null", "3", '"text"'),
        *("[" * 100_000, "9" * 5000, '{"schema": ' + "9" * 5000 + "}"),
        " " * (cards.MAX_CARD_BYTES + 1),
    ],
    ids=lambda text: text[:12],
)
def test_text_that_is_no_card_is_one_clear_error(text):
    with pytest.raises(ModelError, match="kit.onnx: "):
        from_json(text, "kit.onnx")


@settings(deadline=None)
@given(st.one_of(trees, st.dictionaries(names, trees).map(lambda d: LEAST | d)))
def test_no_content_raises_anything_else(fields):
    try:
        card = from_json(json.dumps(fields), "kit.onnx")
    except ModelError:
        return
    assert from_json(card.to_json(), "again") == card


@settings(deadline=None)
@given(st.text())
def test_no_text_raises_anything_else(text):
    with pytest.raises(ModelError):
        from_json(text, "kit.onnx")


# --- beside a file


def sidecar(folder, name: str, text: str | bytes):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


TOML = """
schema = 1
name = "kit"
kind = "oneshot"
sample_rate = 16000
[[inputs]]
name = "latent"
role = "latent"
shape = ["B", 100]
[[outputs]]
name = "audio"
role = "audio"
shape = ["B", 16384]
"""


def test_a_sidecar_is_read_as_json_or_toml(tmp_path):
    in_json = sidecar(tmp_path, "kit.card.json", json.dumps(LEAST))
    in_toml = sidecar(tmp_path, "kit.card.toml", TOML)
    assert from_sidecar(in_json) == from_sidecar(in_toml) == read()


@pytest.mark.parametrize("suffix", ["json", "toml"])
@pytest.mark.parametrize(
    "content, message",
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        ("{nonsense", "card is not (JSON|TOML)"),
        ("a = [" * 20_000, "card is not (JSON|TOML)"),
        ("x = " + "9" * 5000, "card is not (JSON|TOML)"),
        (" " * (cards.MAX_CARD_BYTES + 1), "larger than the 1048576 bytes"),
    ],
    ids=["bytes", "nonsense", "deep", "long number", "large"],
)
def test_a_broken_sidecar_is_one_clear_error(tmp_path, suffix, content, message):
    with pytest.raises(ModelError, match=message):
        from_sidecar(sidecar(tmp_path, f"kit.card.{suffix}", content))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from(["json", "toml"]))
def test_no_bytes_beside_a_file_raise_anything_else(tmp_path, content, suffix):
    with pytest.raises(ModelError):
        from_sidecar(sidecar(tmp_path, f"kit.card.{suffix}", content))
