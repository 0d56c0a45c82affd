"""Tiny streaming models whose sound is known: a sine, and broken ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import helper

from rtaudio_dl.models.card import Card, Tensor
from tests.models.models import save, tensor

RATE, HOP = 16_000, 64
LEVEL = 0.5  # of the sine at velocity 1
NOISE = 0.02  # of the noise's mean is added
RELEASE = 0.5  # of the level is left by each hop after the key is up
TIMBRES = {
    "Full": {"z": [1.0, 0.0], "family": "organ", "xy": [0.0, 0.0]},
    "Half": {"z": [0.5, 0.0], "family": "organ", "xy": [1.0, 0.0]},
}


def sine_card(
    timbre: int = 2, noise: int = 0, hop: int = HOP, rate: int = RATE, **fields
) -> Card:
    """The card of what `write_sine` writes with the same arguments."""
    inputs = [
        tensor("pitch", "pitch", "B", 1),
        tensor("velocity", "velocity", "B", 1),
        tensor("gate", "control", "B", 1),
        tensor("phase", "state", "B", 1),
        tensor("level", "state", "B", 1),
    ]
    if timbre:
        inputs.append(tensor("timbre", "control", "B", timbre))
    if noise:
        inputs.append(tensor("noise", "latent", "B", noise))
    outputs = [
        tensor("audio", "audio", "B", hop),
        tensor("phase_after", "state", "B", 1),
        tensor("level_after", "state", "B", 1),
    ]
    extra = {"hop": hop} | ({"timbres": TIMBRES} if timbre == 2 else {})
    card = {"name": "sine", "kind": "stream", "sample_rate": rate, "extra": extra}
    return Card(**card | {"inputs": tuple(inputs), "outputs": tuple(outputs)} | fields)


def write_sine(
    path: Path,
    timbre: int = 2,
    noise: int = 0,
    hop: int = HOP,
    rate: int = RATE,
    broken_key: int = 1000,
    **fields,
) -> Path:
    """Write an oscillator: phase and release are its states.

    The first number of the timbre is its level; noise, where it takes some, is added as
    its mean. Hops of ``broken_key`` are not a number.
    """
    card = sine_card(timbre, noise, hop, rate, **fields)
    weights = {
        "octave": np.array([[np.log(2) / 12]], "f"),
        "cycles": np.array([[440 / rate * 2 ** (-69 / 12)]], "f"),
        "frames": np.arange(hop, dtype="f")[None],
        "hop": np.array([[hop]], "f"),
        "circle": np.array([[2 * np.pi]], "f"),
        "release": np.array([[RELEASE]], "f"),
        "one": np.array([[1]], "f"),
        "loud": np.array([[LEVEL]], "f"),
        "soft": np.array([[NOISE]], "f"),
        "broken": np.array([[broken_key]], "f"),
        "first": np.array([0]),
    }
    nodes: list = []

    def op(kind: str, out: str, *inputs: str, **attributes) -> str:
        nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    op("Mul", "turns", op("Exp", "ratio", op("Mul", "up", "pitch", "octave")), "cycles")
    op("Add", "angle", op("Mul", "gone", "turns", "frames"), "phase")
    op("Sin", "wave", op("Mul", "radians", "angle", "circle"))
    op("Add", "end", op("Mul", "passed", "turns", "hop"), "phase")
    op("Sub", "phase_after", "end", op("Floor", "whole", "end"))
    op("Mul", "left", op("Sub", "up_key", "one", "gate"), "level")
    op("Mul", "fallen", "left", "release")
    op("Add", "level_after", "gate", "fallen")
    op("Mul", "struck", op("Mul", "hit", "velocity", "loud"), "level_after")
    level = "struck"
    if timbre:
        op("Gather", "part", "timbre", "first", axis=1)
        level = op("Mul", "coloured", level, "part")
    sound = op("Mul", "tone", "wave", level)
    if noise:
        op("ReduceMean", "drops", "noise", axes=[1], keepdims=1)
        op("Mul", "rain", "drops", "soft")
        sound = op("Add", "wet", sound, "rain")
    # 0 / 0 for the broken key, and 0 for all others.
    op("Sub", "far", "pitch", "broken")
    op("Sub", "nothing", op("Div", "same", "far", "far"), "one")
    op("Add", "audio", sound, "nothing")
    return save(path, nodes, list(card.inputs), list(card.outputs), weights, card)


def write_loud(path: Path) -> Path:
    """Write a stream whose every frame is far beyond full scale."""
    inputs: list[Tensor] = [tensor("before", "state", "B", 1)]
    outputs = [tensor("audio", "audio", "B", HOP), tensor("after", "state", "B", 1)]
    card = Card("loud", "stream", RATE, tuple(inputs), tuple(outputs))
    weights = {"high": np.full((1, HOP), 100, "f"), "one": np.ones((1, 1), "f")}
    nodes = [
        helper.make_node("Add", ["before", "high"], ["audio"]),
        helper.make_node("Mul", ["before", "one"], ["after"]),
    ]
    return save(path, nodes, inputs, outputs, weights, card)
