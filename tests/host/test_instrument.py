"""Instruments: what a patch and a model become in the engine's memory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from onnx import TensorProto, helper

from rtaudio_dl.dsp.resampler import PADDING
from rtaudio_dl.engine import layout
from rtaudio_dl.engine.layout import NONE
from rtaudio_dl.errors import EngineError, ModelError, PatchError
from rtaudio_dl.host import instrument as instruments
from rtaudio_dl.host.instrument import install, slots_needed
from rtaudio_dl.models.card import Tensor
from rtaudio_dl.patches.patch import Key
from tests.engine.rig import make_patch
from tests.models.models import oneshot_card, save, write_classifier, write_oneshot

FRAMES = 500
KEYS = {36: Key(classes={"class1": 0.5}, shift=2, gain=3, pan=-1, choke=4, latent=99)}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "tones.onnx"
    return write_oneshot(
        path, latent=5, classes=3, frames=FRAMES, velocity=True, pitch=True
    )


@pytest.fixture
def engine():
    return layout.Engine(48_000, polyphony=4)


def installed(engine, path, place=2, first=10, **fields):
    patch = make_patch(**{"model": str(path), "keys": KEYS} | fields)
    return install(engine, patch, place, first, "cpu")


@pytest.mark.parametrize(
    "freshness, depth, slots",
    [("pooled", 1, 38), ("pooled", 4, 68), ("frozen", 2, 48), ("fresh", 4, 8)],
)
def test_memory_is_counted_per_key_and_voice(freshness, depth, slots):
    patch = make_patch(keys=range(10), freshness=freshness, depth=depth)
    assert slots_needed(patch, polyphony=4) == slots


def test_the_patch_is_in_its_place(engine, path):
    there = installed(engine, path, seed=7, depth=3, one_shot=True)
    record = engine.patches[2]
    assert (record["seed"], record["depth"], record["one_shot"]) == (7, 3, 1)
    assert record["rate"] == 16_000
    assert (record["first_slot"], record["slots"]) == (10, there.slots)
    assert record["free"] == there.slots
    assert engine.patch_life[2] == layout.EMPTY  # until the audio thread is told
    assert engine.patches[1] == np.zeros(1, layout.PATCH)[0]
    there.close()


def test_keys_are_as_the_patch_says(engine, path):
    there = installed(engine, path)
    key = engine.keys[2, 36]
    assert key["mapped"] == 1 and not engine.keys[2, 37]["mapped"]
    assert (key["gain"], key["pan"], key["choke"], key["latent"]) == (3, -1, 4, 99)
    assert (key["last"], key["incoming"]) == (NONE, NONE)
    assert key["shift"] == 0  # the model is told the pitch, and plays it itself
    there.close()


def test_without_a_pitch_input_the_key_is_shifted(engine, tmp_path):
    there = installed(
        engine, write_oneshot(tmp_path / "plain.onnx"), keys={36: Key(shift=2)}
    )
    assert engine.keys[2, 36]["shift"] == 2
    there.close()


def test_what_was_there_before_is_gone(engine, path):
    first = installed(engine, path, keys=range(30, 60), controls={1: "morph"})
    engine.queues[2], engine.keys[2]["last"] = 3, 3
    first.close()
    second = installed(engine, path)
    assert engine.keys[2]["mapped"].sum() == 1
    assert (engine.queues[2] == NONE).all()
    assert (engine.keys[2]["last"] == NONE).all()
    assert (engine.controls[2] == NONE).all()
    second.close()


def test_every_slot_has_memory_of_its_own_between_silence(engine, path):
    there = installed(engine, path)
    slots = engine.slots[10 : 10 + there.slots]
    width = FRAMES + 2 * PADDING
    assert there.sounds.shape == (there.slots, width)
    assert (slots["length"] == FRAMES).all() and (slots["patch"] == 2).all()
    assert (np.diff(slots["address"]) == 4 * width).all()
    assert slots["address"][0] == there.sounds.ctypes.data
    free = engine.free[10 : 10 + there.slots]
    assert sorted(free) == list(range(10, 10 + there.slots))
    there.close()


def test_controls_and_parameters_are_numbers(engine, path):
    there = installed(
        engine, path, controls={1: "morph"}, parameters={"gain": 2, "bend_range": 7}
    )
    assert engine.controls[2, 1] == layout.MORPH
    assert engine.parameters[2, layout.GAIN] == 2
    assert engine.parameters[2, layout.BEND_RANGE] == 7
    there.close()


def test_the_class_table_holds_the_keys_weights(engine, path):
    there = installed(engine, path)
    assert there.class_table.shape == (128, 3)
    assert there.class_table[36].tolist() == [0, 0.5, 0]
    assert not there.class_table[37].any()
    there.close()


def test_the_binding_points_at_what_is_kept(engine, path):
    there = installed(engine, path)
    binding = engine.bindings[2]
    assert binding["session"] == there.model.session.address
    assert binding["inputs"] == 4
    assert (binding["latent_size"], binding["classes"]) == (5, 3)
    for role, field in (("latent", "latent"), ("class", "class_input")):
        assert binding[field] == there.inputs[role].ctypes.data
    assert binding["pitch"] == there.inputs["pitch"].ctypes.data
    assert binding["velocity"] == there.inputs["velocity"].ctypes.data
    flags = {"uniform", "long"}
    assert all(binding[name] for name in set(layout.BINDING.names) - flags)
    there.close()


@pytest.mark.parametrize("longest, long", [(60.0, 0), (0.0, 1)])
def test_a_run_that_takes_long_is_marked(engine, path, monkeypatch, longest, long):
    monkeypatch.setattr(instruments, "LONG_SECONDS", longest)
    there = installed(engine, path)
    assert engine.bindings[2]["long"] == long
    there.close()


def test_inputs_that_a_model_lacks_are_zero(engine, tmp_path):
    path = write_oneshot(tmp_path / "plain.onnx")
    there = installed(engine, path, keys=[36])
    binding = engine.bindings[2]
    assert (binding["pitch"], binding["velocity"], binding["classes"]) == (0, 0, 0)
    there.close()


@pytest.mark.parametrize("shape", ["BN", "BN1", "B1N"])
def test_any_layout_of_the_audio_is_the_same_memory(engine, tmp_path, shape):
    path = write_oneshot(tmp_path / f"{shape}.onnx", frames=FRAMES, layout=shape)
    there = installed(engine, path, keys=[36])
    assert there.sounds.shape[1] == FRAMES + 2 * PADDING
    there.close()


# --- what cannot be


def test_a_class_that_is_not_there_is_named(engine, path):
    with pytest.raises(
        PatchError, match="key 36: .* no class 'tom'; .* class0, class1"
    ):
        installed(engine, path, keys={36: Key(classes={"tom": 1.0})})


def test_a_model_of_another_kind_is_refused(engine, tmp_path):
    with pytest.raises(ModelError, match="is of kind classifier; allowed: oneshot"):
        installed(engine, write_classifier(tmp_path / "ears.onnx"))


def test_more_slots_than_there_are_is_an_error(engine, path):
    with pytest.raises(EngineError, match="needs room for 12 sounds, 11 are left"):
        installed(engine, path, first=layout.SLOTS - 11)


def test_more_memory_than_allowed_is_an_error(engine, path, monkeypatch):
    monkeypatch.setattr(instruments, "MAX_SOUND_BYTES", 1 << 14)
    with pytest.raises(EngineError, match="12 sounds of .* frames; at most 0 MiB"):
        installed(engine, path)


def test_a_model_far_above_the_hosts_rate_is_refused(tmp_path):
    """It would be played at another pitch: the engine reads 8 times as fast at most."""
    path = write_oneshot(tmp_path / "fine.onnx", sample_rate=96_000)
    with pytest.raises(EngineError, match="96000 Hz, more than 8 times the 8000 Hz"):
        installed(layout.Engine(8_000), path, keys=[36])
    installed(layout.Engine(12_000), path, keys=[36]).close()


def test_a_class_given_as_an_index_is_refused_with_the_next_step(engine, tmp_path):
    card = oneshot_card(1, 2)
    inputs = [t for t in card.inputs if t.role == "latent"]
    index = Tensor("class", "class", ("B",), "int64")
    path = _write_indexed(tmp_path / "indexed.onnx", card, [*inputs, index])
    with pytest.raises(PatchError, match="'class' is int64; .* export it again"):
        installed(engine, path, keys=[36])


def _write_indexed(path, card, inputs):
    card = dataclasses.replace(card, inputs=tuple(inputs))
    frames = card.output("audio").size()
    nodes = [
        helper.make_node("Cast", ["class"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["latent", "number"], ["product"]),
        helper.make_node("MatMul", ["product", "w"], ["loud"]),
        helper.make_node("Tanh", ["loud"], ["audio"]),
    ]
    weights = {"w": np.ones((1, frames), "f")}
    return save(path, nodes, inputs, list(card.outputs), weights, card)


@pytest.mark.parametrize("step", ["_write_keys", "_write_binding"])
def test_a_failure_half_way_releases_the_model(engine, path, monkeypatch, step):
    opened = []
    real = instruments.open_model
    monkeypatch.setattr(
        instruments, "open_model", lambda *a: opened.append(real(*a)) or opened[0]
    )

    def fail(*_arguments):
        raise MemoryError

    monkeypatch.setattr(instruments, step, fail)
    with pytest.raises(MemoryError):
        installed(engine, path)
    assert opened[0].session.address == 0
