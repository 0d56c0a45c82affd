"""What a patch and a model of whole sounds become in the engine's memory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from onnx import TensorProto, helper

from rtaudio_dl.core.run import RUN
from rtaudio_dl.dsp.resampler import PADDING
from rtaudio_dl.engine import layout
from rtaudio_dl.engine.layout import NODE, NONE
from rtaudio_dl.engine.parameters import BEND_RANGE, GAIN, MORPH
from rtaudio_dl.errors import EngineError, PatchError
from rtaudio_dl.host.instrument import install
from rtaudio_dl.kinds.sound import entries, kind
from rtaudio_dl.kinds.sound.memory import FREE
from rtaudio_dl.models.card import Tensor
from rtaudio_dl.patches.patch import Key
from tests.engine.rig import make_patch
from tests.models.models import oneshot_card, save, write_oneshot

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


def installed(engine, path, place=2, **fields):
    patch = make_patch(**{"model": str(path), "keys": KEYS} | fields)
    return install(engine, patch, place, "cpu")


@pytest.mark.parametrize(
    "freshness, depth, slots",
    [("pooled", 1, 38), ("pooled", 4, 68), ("frozen", 2, 48), ("fresh", 4, 18)],
)
def test_memory_is_counted_per_key_and_voice(freshness, depth, slots):
    patch = make_patch(keys=range(10), freshness=freshness, depth=depth)
    assert kind.slots_needed(patch, polyphony=4) == slots


def test_the_patch_is_in_its_place(engine, path):
    there = installed(engine, path, seed=7, depth=3, one_shot=True)
    record, memory = engine.nodes[2], there.memory
    assert record["state"] == memory.address and record["one_shot"] == 1
    assert (memory.seed[0], memory.depth[0], memory.rate[0]) == (7, 3, 16_000)
    assert memory.shared[0] == kind.crew(engine).memory.address
    assert memory.slot_count[0] == memory.free_count[0] == there.slots
    assert engine.node_life[2] == layout.EMPTY  # until the audio thread is told
    assert engine.nodes[1]["process"] == engine.nodes[1]["state"] == 0
    there.close()


def test_the_node_has_every_function_of_the_kind(engine, path):
    there = installed(engine, path)
    functions = ("process", "take", "end", "sweep", "serve", "lacking")
    for name in functions:
        assert engine.nodes[2][name] == getattr(entries, name).address, name
    assert engine.nodes[2]["event"] == 0 and set(functions) < set(NODE.names)
    there.close()


def test_keys_are_as_the_patch_says(engine, path):
    there = installed(engine, path)
    key = engine.keys[2, 36]
    assert key["mapped"] == 1 and not engine.keys[2, 37]["mapped"]
    assert (key["gain"], key["pan"], key["choke"]) == (3, -1, 4)
    own = there.memory.keys[36]
    assert (own["latent"], own["last"], own["incoming"]) == (99, NONE, NONE)
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
    engine.keys[2]["next"], engine.nodes[2]["voices"] = 3, 1
    first.close()
    second = installed(engine, path)
    assert engine.keys[2]["mapped"].sum() == 1
    assert engine.nodes[2]["voices"] == 0 and not engine.keys[2]["next"].any()
    assert (second.memory.queues == NONE).all()
    assert (second.memory.keys["last"] == NONE).all()
    assert (engine.controls[2] == NONE).all()
    second.close()


def test_every_slot_has_memory_of_its_own_between_silence(engine, path):
    there = installed(engine, path)
    slots = there.memory.slots[: there.slots]
    width = FRAMES + 2 * PADDING
    assert there.sounds.shape == (there.slots, width)
    assert (slots["length"] == FRAMES).all()
    assert (there.memory.slot_life == FREE).all()
    assert (np.diff(slots["address"]) == 4 * width).all()
    assert slots["address"][0] == there.sounds.ctypes.data
    free = there.memory.free[: there.slots]
    assert sorted(free) == list(range(there.slots))
    there.close()


def test_controls_and_parameters_are_numbers(engine, path):
    there = installed(
        engine, path, controls={1: "morph"}, parameters={"gain": 2, "bend_range": 7}
    )
    assert engine.controls[2, 1] == MORPH
    assert engine.parameters[2, GAIN] == 2
    assert engine.parameters[2, BEND_RANGE] == 7
    there.close()


def test_the_class_table_holds_the_keys_weights(engine, path):
    there = installed(engine, path)
    assert there.class_table.shape == (128, 3)
    assert there.class_table[36].tolist() == [0, 0.5, 0]
    assert not there.class_table[37].any()
    there.close()


def test_the_binding_points_at_what_is_kept(engine, path):
    there = installed(engine, path)
    memory = there.memory
    model = memory.model[0]
    assert model["session"] == there.model.session.address
    assert model["inputs"] == 4
    assert (memory.latent_size[0], memory.class_count[0]) == (5, 3)
    for role, field in (("latent", "latent"), ("class", "class_input")):
        assert getattr(memory, field)[0] == there.inputs[role].ctypes.data
    assert memory.pitch[0] == there.inputs["pitch"].ctypes.data
    assert memory.velocity[0] == there.inputs["velocity"].ctypes.data
    assert memory.class_table[0] == there.class_table.ctypes.data
    assert memory.sounds[0]
    assert all(model[name] for name in RUN.names)
    there.close()


@pytest.mark.parametrize("longest, long", [(60.0, 0), (0.0, 1)])
def test_a_run_that_takes_long_is_marked(engine, path, monkeypatch, longest, long):
    monkeypatch.setattr(kind, "LONG_SECONDS", longest)
    there = installed(engine, path)
    assert there.memory.long[0] == long
    there.close()


def test_inputs_that_a_model_lacks_are_zero(engine, tmp_path):
    path = write_oneshot(tmp_path / "plain.onnx")
    there = installed(engine, path, keys=[36])
    memory = there.memory
    lacks = memory.pitch[0], memory.velocity[0], memory.class_count[0]
    assert lacks == (0, 0, 0)
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


def test_more_slots_than_there_are_is_an_error(engine, path, monkeypatch):
    monkeypatch.setattr(kind, "SLOTS", 11)
    with pytest.raises(EngineError, match="room for 12 sounds .*at most 11 sounds"):
        installed(engine, path)


def test_more_memory_than_allowed_is_an_error(engine, path, monkeypatch):
    monkeypatch.setattr(kind, "MAX_SOUND_BYTES", 1 << 14)
    with pytest.raises(EngineError, match="12 sounds of .* frames; at most .* 0 MiB"):
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
