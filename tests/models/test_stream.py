"""What a streaming model may be: every way to be wrong is one clear error."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rtaudio_dl.errors import EngineError, ModelError
from rtaudio_dl.kinds.stream.batch import Batches, find_grain
from rtaudio_dl.models.model import open_model
from rtaudio_dl.models.stream import check_stream, hop_of
from rtaudio_dl.models.timbre import card_timbres
from tests.kinds.stream.models import HOP, sine_card, write_sine
from tests.models.models import save, tensor


def changed(**extra):
    card = sine_card()
    return dataclasses.replace(card, extra=card.extra | extra)


def with_input(*tensors):
    card = sine_card(timbre=0)
    return dataclasses.replace(card, inputs=(*card.inputs, *tensors), extra={})


def with_output(*tensors):
    card = sine_card(timbre=0)
    return dataclasses.replace(card, outputs=(*card.outputs, *tensors), extra={})


def test_a_stream_is_opened_and_its_hop_known(tmp_path):
    with open_model(write_sine(tmp_path / "a.onnx", noise=3), "cpu") as model:
        assert model.card.kind == "stream" and hop_of(model.card) == HOP
        assert list(card_timbres(model.card)) == ["Full", "Half"]


@pytest.mark.parametrize(
    "card, wrong",
    [
        (changed(hop=HOP + 1), "hop in the card is 65; allowed: 64"),
        (changed(timbres=[1]), "timbres is .*; allowed: a mapping"),
        (changed(timbres={"A": {"z": [1.0]}}), "z of timbre 'A' .* list of 2 numbers"),
        (changed(timbres={"A": {"z": [1.0, float("nan")]}}), "z of timbre 'A'"),
        (changed(timbres={"A": {"z": [1.0, 1e9]}}), "z of timbre 'A'"),
        (changed(timbres={"A": {"z": [1.0, True]}}), "z of timbre 'A'"),
        (changed(timbres={"": {"z": [1.0, 1.0]}}), "name of a timbre"),
        (changed(timbres={"A": {"z": [1, 1], "family": 3}}), "family of timbre 'A'"),
        (changed(timbres={"A": {"z": [1, 1], "xy": [1]}}), "xy of timbre 'A'"),
        (changed(timbres={str(i): {} for i in range(5000)}), "at most 4096 timbres"),
        (with_input(tensor("wheel", "control", "B", 1)), "controls .*'wheel'"),
        (with_input(tensor("fixed", "latent", 1, 4)), "latent 'fixed'"),
        (with_input(tensor("ab", "latent", "B", "C")), "latent 'ab'"),
        (with_input(tensor("n", "latent", "B", 4, dtype="int64")), "latent 'n'"),
        (with_output(tensor("more", "audio", "B", 64)), "outputs .* one audio"),
        (with_output(tensor("scores", "scores", "B", 4)), "outputs .* one audio"),
        (sine_card(hop=8), "hop is 8; allowed: 16 to 4096 frames"),
        (sine_card(hop=8192), "hop is 8192"),
    ],
)
def test_what_the_engine_cannot_play_is_refused(card, wrong):
    with pytest.raises(ModelError, match=wrong):
        check_stream(card)


def test_a_gate_is_one_value():
    card = sine_card()
    wide = dataclasses.replace(card.input("control", "gate"), shape=("B", 2))
    inputs = tuple(wide if t.name == "gate" else t for t in card.inputs)
    with pytest.raises(ModelError, match="gate is .* one value"):
        check_stream(dataclasses.replace(card, inputs=inputs))


def test_timbres_need_an_input(tmp_path):
    card = with_input()
    with pytest.raises(ModelError, match="without an input 'timbre'"):
        check_stream(dataclasses.replace(card, extra={"timbres": {"A": [1.0]}}))


def test_states_are_bounded():
    state = tensor("huge", "state", "B", 1 << 21)
    with pytest.raises(ModelError, match="size of the states"):
        check_stream(with_input(state))


# --- batches


def grain_of(model) -> int:
    arrays = [
        {t.name: np.zeros((32, *t.shape[1:]), np.float32) for t in side}
        for side in (model.card.inputs, model.card.outputs)
    ]
    return find_grain(model.card, Batches(model.session, *arrays))


def test_batches_of_a_closed_model_say_so(tmp_path):
    """Their values are freed: to run them would crash."""
    model = open_model(write_sine(tmp_path / "stream.onnx"), "cpu")
    arrays = [
        {t.name: np.zeros((32, *t.shape[1:]), np.float32) for t in side}
        for side in (model.card.inputs, model.card.outputs)
    ]
    batches = Batches(model.session, *arrays)
    batches.run(32)
    for size in (0, 33):
        with pytest.raises(EngineError, match="allowed: 1 to 32"):
            batches.run(size)
    model.close()
    with pytest.raises(EngineError, match="session is closed"):
        batches.run(1)


def write_sociable(path):
    """A stream whose rows depend on all others of the batch."""
    from onnx import helper

    card = sine_card(timbre=0)
    inputs, outputs = list(card.inputs), list(card.outputs)
    nodes = [
        helper.make_node("ReduceMean", ["velocity"], ["all"], axes=[0], keepdims=1),
        helper.make_node("Mul", ["velocity", "all"], ["mixed"]),
        helper.make_node("Mul", ["mixed", "row"], ["audio"]),
        helper.make_node("Add", ["phase", "pitch"], ["phase_after"]),
        helper.make_node("Add", ["level", "gate"], ["level_after"]),
    ]
    row = {"row": np.ones((1, HOP), "f")}
    return save(path, nodes, inputs, outputs, row, card)


@pytest.mark.parametrize("write", [write_sine, write_sociable])
def test_every_size_is_used_where_rows_do_not_depend_on_it(tmp_path, write):
    with open_model(write(tmp_path / "a.onnx"), "cpu") as model:
        assert grain_of(model) == 1


def test_a_row_that_depends_on_the_size_is_found(tmp_path, monkeypatch):
    """Sizes that are no multiples of 4 give other last bits here."""
    run = Batches.run

    def odd(self, size):
        run(self, size)
        if size % 4:
            self.outputs["audio"] += 1e-6

    monkeypatch.setattr(Batches, "run", odd)
    with open_model(write_sine(tmp_path / "a.onnx"), "cpu") as model:
        assert grain_of(model) == 4
