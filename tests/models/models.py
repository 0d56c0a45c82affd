"""Tiny ONNX models for tests: an audible one-shot, a classifier, and broken ones.

Each writer returns the path that it was given. The one-shot is a sum of decaying
partials whose levels depend on the latent (and on the class, where it has classes).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from rtaudio_dl.models.card import METADATA_KEY, Card, Tensor

OPSET, IR_VERSION = 17, 8
PARTIALS = 8
LOWEST_HZ = 110.0
ONNX_TYPES = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
}
LAYOUTS = {"BN": ("B", None), "BN1": ("B", None, 1), "B1N": ("B", 1, None)}


def tensor(name: str, role: str, *shape: int | str, dtype: str = "float32") -> Tensor:
    """A card's tensor, in one line."""
    return Tensor(name, role, shape, dtype)


def save(
    path: Path,
    nodes: list,
    inputs: list[Tensor],
    outputs: list[Tensor],
    weights: dict[str, np.ndarray],
    card: Card | None = None,
) -> Path:
    """Write a graph whose inputs and outputs are declared as in the card's terms."""
    graph = helper.make_graph(
        nodes,
        "test",
        [_value_info(t) for t in inputs],
        [_value_info(t) for t in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
    if card:
        helper.set_model_props(model, {METADATA_KEY: card.to_json()})
    onnx.save(model, path)
    return path


def write_oneshot(
    path: Path,
    latent: int = 8,
    classes: int = 0,
    frames: int = 4096,
    sample_rate: int = 16000,
    *,
    velocity: bool = False,
    pitch: bool = False,
    layout: str = "BN",
    names: dict[str, str] | None = None,
    embed_card: bool = True,
    seed: int = 0,
    **card_fields,
) -> Path:
    """Write a one-shot with an audible, decaying sound; peak below 1.

    ``names`` gives other names to its tensors (keys: the roles), ``card_fields`` go
    to the card (`oneshot_card` gives the same card).
    """
    card = oneshot_card(
        *(latent, classes, frames, sample_rate),
        **{"velocity": velocity, "pitch": pitch, "layout": layout, "names": names},
        **card_fields,
    )
    name = {t.role: t.name for t in (*card.inputs, *card.outputs)}
    random = np.random.default_rng(seed)
    weights = {
        "mix": _normal(random, latent, PARTIALS) / np.float32(latent**0.5),
        "bias": np.linspace(1, 0.2, PARTIALS, dtype="f"),
        "partials": _partials(frames, sample_rate),
        "shape": np.array(
            [d if isinstance(d, int) else -1 for d in card.outputs[0].shape]
        ),
    }
    nodes = [helper.make_node("MatMul", [name["latent"], "mix"], ["wander"])]
    level = _add(nodes, "wander", "bias", "level")
    if classes:
        weights["kinds"] = 2 * _normal(random, classes, PARTIALS)
        nodes += [helper.make_node("MatMul", [name["class"], "kinds"], ["kind"])]
        level = _add(nodes, level, "kind", "class_level")
    nodes += [helper.make_node("MatMul", [level, "partials"], ["sum"])]
    sound = "sum"
    for role in ("velocity", "pitch"):
        if role in name:
            nodes += [helper.make_node("Mul", [sound, name[role]], [f"{role}_sum"])]
            sound = f"{role}_sum"
    nodes += [
        helper.make_node("Tanh", [sound], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], [name["audio"]]),
    ]
    card_inside = card if embed_card else None
    return save(
        path, nodes, list(card.inputs), list(card.outputs), weights, card_inside
    )


def oneshot_card(
    latent: int = 8,
    classes: int = 0,
    frames: int = 4096,
    sample_rate: int = 16000,
    *,
    velocity: bool = False,
    pitch: bool = False,
    layout: str = "BN",
    names: dict[str, str] | None = None,
    **card_fields,
) -> Card:
    """The card of what `write_oneshot` writes with the same arguments."""
    shapes = {"latent": ("B", latent)}
    if classes:
        shapes["class"] = ("B", classes)
    for role, there in (("velocity", velocity), ("pitch", pitch)):
        if there:
            shapes[role] = ("B", 1)
    name = {role: role for role in (*shapes, "audio")} | (names or {})
    audio = tuple(frames if d is None else d for d in LAYOUTS[layout])
    fields = {
        **{"name": "test", "kind": "oneshot", "sample_rate": sample_rate},
        "inputs": tuple(Tensor(name[r], r, shape) for r, shape in shapes.items()),
        "outputs": (Tensor(name["audio"], "audio", audio),),
        "labels": tuple(f"class{i}" for i in range(classes)),
    }
    return Card(**fields | card_fields)


def write_classifier(path: Path, samples: int = 1600, labels: int = 3) -> Path:
    """Write a classifier of a sound's mean square: ``audio`` to ``scores``."""
    inputs = [tensor("audio", "audio", "B", samples)]
    outputs = [tensor("scores", "scores", "B", labels)]
    card = Card(
        *("ears", "classifier", 16000, tuple(inputs), tuple(outputs)),
        labels=tuple(f"class{i}" for i in range(labels)),
    )
    weights = {"w": np.ones((samples, labels), "f") * np.arange(labels, dtype="f")}
    nodes = [
        helper.make_node("Mul", ["audio", "audio"], ["square"]),
        helper.make_node("MatMul", ["square", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"]),
    ]
    return save(path, nodes, inputs, outputs, weights, card)


def write_loudness(
    path: Path,
    samples: int = 160,
    sample_rate: int = 16000,
    **card_fields,
) -> Path:
    """Write a classifier with one score: the window's highest sample, 0..1.

    NaN where it is above 1. A state counts the windows; the constant ``gain`` is 1.
    """
    inputs = [
        tensor("audio", "audio", "B", samples),
        tensor("count", "state", "B", 1),
        Tensor("gain", "control", (), "int64", 1),
    ]
    outputs = [
        tensor("scores", "scores", "B", 1),
        tensor("next_count", "state", "B", 1),
    ]
    fields = {"labels": ("loud",)} | card_fields
    card = Card(
        *("loudness", "classifier", sample_rate, tuple(inputs), tuple(outputs)),
        **fields,
    )
    weights = {"one": np.ones(1, "f"), "none": np.zeros(1, "f")}
    nodes = [
        helper.make_node("Cast", ["gain"], ["factor"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["audio"], ["highest"], axes=[1]),
        helper.make_node("Mul", ["highest", "factor"], ["peak"]),
        helper.make_node("Sub", ["one", "peak"], ["room"]),
        helper.make_node("Sqrt", ["room"], ["root"]),  # NaN above 1
        helper.make_node("Mul", ["root", "none"], ["nothing"]),
        helper.make_node("Add", ["peak", "nothing"], ["scores"]),
        helper.make_node("Add", ["count", "one"], ["next_count"]),
    ]
    return save(path, nodes, inputs, outputs, weights, card)


def write_nan(path: Path, frames: int = 64) -> Path:
    """Write a one-shot whose every sample is not a number."""
    card = oneshot_card(1, 0, frames)
    weights = {"w": np.full((1, frames), np.nan, "f")}
    nodes = [helper.make_node("MatMul", ["latent", "w"], ["audio"])]
    return save(path, nodes, list(card.inputs), list(card.outputs), weights, card)


def write_wrong_length(path: Path, frames: int = 64) -> Path:
    """Write a one-shot that gives half the frames that its card promises.

    Its graph does not know either: the length comes from the values.
    """
    card = oneshot_card(frames // 2, 0, frames)
    free = [tensor("audio", "audio", "B", "N")]
    weights = {"one": np.ones(1, "f"), "row": np.array([1])}
    nodes = [
        helper.make_node("Mul", ["latent", "latent"], ["square"]),
        helper.make_node("Add", ["square", "one"], ["positive"]),
        helper.make_node("NonZero", ["positive"], ["places"]),
        helper.make_node("Gather", ["places", "row"], ["counted"], axis=0),
        helper.make_node("Cast", ["counted"], ["audio"], to=TensorProto.FLOAT),
    ]
    return save(path, nodes, list(card.inputs), free, weights, card)


def write_slow(path: Path, rounds: int = 100, frames: int = 256) -> Path:
    """Write a one-shot that multiplies matrices, about 1 ms for each round.

    A huge number of rounds makes one that never ends.
    """
    card = oneshot_card(1, 0, frames)
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["state", "turn"], ["turned"]),
            helper.make_node("Identity", ["going"], ["still_going"]),
        ],
        "round",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, [frames, frames]),
        ],
        [
            helper.make_tensor_value_info("still_going", TensorProto.BOOL, []),
            helper.make_tensor_value_info(
                "turned", TensorProto.FLOAT, [frames, frames]
            ),
        ],
    )
    weights = {
        "turn": np.eye(frames, dtype="f"),
        "row": np.ones((1, frames), "f"),
        "rounds": np.array(rounds, np.int64),
        "yes": np.array(True),
    }
    nodes = [
        helper.make_node("Mul", ["turn", "latent"], ["begin"]),
        helper.make_node("Loop", ["rounds", "yes", "begin"], ["end"], body=body),
        helper.make_node("MatMul", ["row", "end"], ["loud"]),
        helper.make_node("Tanh", ["loud"], ["audio"]),
    ]
    return save(path, nodes, list(card.inputs), list(card.outputs), weights, card)


def write_external(path: Path) -> Path:
    """Write a one-shot whose weights are in another file beside it."""
    model = onnx.load(write_oneshot(path))
    onnx.save(
        model,
        path,
        save_as_external_data=True,
        location=f"{path.stem}.data",
        size_threshold=0,
    )
    return path


def _value_info(t: Tensor):
    return helper.make_tensor_value_info(t.name, ONNX_TYPES[t.dtype], t.shape)


def _normal(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.standard_normal(shape).astype("f")


def _add(nodes: list, left: str, right: str, total: str) -> str:
    nodes.append(helper.make_node("Add", [left, right], [total]))
    return total


def _partials(frames: int, sample_rate: int) -> np.ndarray:
    """Decaying sines, one row each; they start at 0 and end 60 dB lower."""
    time = np.arange(frames) / sample_rate
    pitch = LOWEST_HZ * np.arange(1, PARTIALS + 1)[:, None]
    decay = np.exp(np.log(1e-3) * np.arange(frames) / frames)
    return (decay * np.sin(2 * np.pi * pitch * time) / PARTIALS).astype("f")
