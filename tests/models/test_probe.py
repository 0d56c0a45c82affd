from dataclasses import replace

import numpy as np
import pytest
from onnx import helper

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models import probe as probe_module
from rtaudio_dl.models.probe import probe, probe_inputs
from rtaudio_dl.models.session import NativeSession
from tests.models.models import (
    oneshot_card,
    save,
    tensor,
    write_nan,
    write_oneshot,
    write_slow,
    write_wrong_length,
)

FOR_EVER = 1 << 60


def run_probe(path, card) -> None:
    with NativeSession(path.read_bytes()) as session:
        probe(card, session)


def test_sound_model_passes_and_leaves_nothing_bound(tmp_path):
    path = write_oneshot(tmp_path / "a.onnx", classes=3)
    with NativeSession(path.read_bytes()) as session:
        probe(oneshot_card(classes=3), session)
        assert not session._held


@pytest.mark.parametrize(
    "write, card, message",
    [
        (write_nan, oneshot_card(1, 0, 64), r"not finite on the probe \(64 of 64"),
        (write_wrong_length, oneshot_card(32, 0, 64), r"fails on the probe.*\{1,32\}"),
    ],
)
def test_model_that_misbehaves_is_refused(tmp_path, write, card, message):
    with pytest.raises(ModelError, match=message):
        run_probe(write(tmp_path / "bad.onnx"), card)


def test_model_that_never_ends_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(probe_module, "SECONDS_ALLOWED", 0.2)
    path = write_slow(tmp_path / "slow.onnx", FOR_EVER, frames=16)
    with pytest.raises(ModelError, match="longer than the 0.2 s allowed"):
        run_probe(path, oneshot_card(1, 0, 16))


def test_last_class_is_played_too(tmp_path):
    card = oneshot_card(1, 0, 8, labels=("a", "b", "c"))
    index = tensor("class", "class", "B", dtype="int64")
    path = save(
        tmp_path / "two_of_three.onnx",
        [
            helper.make_node("Gather", ["table", "class"], ["row"]),
            helper.make_node("Mul", ["row", "latent"], ["audio"]),
        ],
        [*card.inputs, index],
        list(card.outputs),
        {"table": np.ones((2, 8), "f")},
    )
    with pytest.raises(ModelError, match="fails on the probe.*Gather"):
        run_probe(path, replace(card, inputs=(*card.inputs, index)))


def test_inputs_are_what_their_roles_mean():
    card = oneshot_card(4, 3, pitch=True, velocity=True, root_key=36)
    inputs = probe_inputs(card, label=2)
    assert inputs["class"].tolist() == [[0, 0, 1]]
    assert inputs["pitch"].tolist() == [[36]]
    assert 0 < inputs["velocity"].item() <= 1
    assert inputs["latent"].shape == (1, 4)
    assert all(a.dtype == np.float32 for a in inputs.values())


def test_inputs_are_the_same_at_every_call():
    first, second = (probe_inputs(oneshot_card())["latent"] for _ in range(2))
    assert np.array_equal(first, second)


def test_uniform_latent_stays_within_one():
    card = oneshot_card(1000, extra={"latent_distribution": "uniform"})
    latent = probe_inputs(card)["latent"]
    assert 0.9 < np.abs(latent).max() <= 1
