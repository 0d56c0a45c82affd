"""Models that show in their sound what they were given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import helper

from rtaudio_dl.models.card import Card
from tests.models.models import save, tensor

LATENT, LABELS, FRAMES, RATE = 4, ("kick", "snare"), 64, 16_000
PITCH_SCALE = 1 / 127
# The first frames of the sound: which input each one shows.
SHOWS = {
    "latent": slice(0, 4),
    "class": slice(4, 6),
    "pitch": slice(6, 7),
    "velocity": slice(7, 8),
    "one": slice(8, FRAMES),
}


def write_mirror(path: Path, frames: int = FRAMES, **card_fields) -> Path:
    """Write a model whose sound is its inputs, one to a frame, and then ones."""
    inputs = [
        tensor("latent", "latent", "B", LATENT),
        tensor("class", "class", "B", len(LABELS)),
        tensor("pitch", "pitch", "B", 1),
        tensor("velocity", "velocity", "B", 1),
    ]
    outputs = [tensor("audio", "audio", "B", frames)]
    names = [t.name for t in inputs]
    count = SHOWS["one"].start
    show = np.eye(count, frames, dtype="f")
    show[SHOWS["pitch"]] *= PITCH_SCALE
    ones = np.zeros((1, frames), "f")
    ones[0, SHOWS["one"].start :] = 1
    nodes = [
        helper.make_node("Concat", names, ["all"], axis=1),
        helper.make_node("MatMul", ["all", "show"], ["shown"]),
        helper.make_node("Add", ["shown", "ones"], ["audio"]),
    ]
    card = Card(
        *("mirror", "oneshot", RATE, tuple(inputs), tuple(outputs)),
        labels=LABELS,
        **card_fields,
    )
    return save(path, nodes, inputs, outputs, {"show": show, "ones": ones}, card)
