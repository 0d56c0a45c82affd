"""A classifier whose answers are known: it tells a low tone from a high one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from onnx import helper

from rtaudio_dl.models.card import Card
from tests.models.models import save, tensor

RATE, WINDOW, HOP = 16_000, 1600, 400
TONES_HZ = {"low": 500, "high": 2000}
LABELS = ("_silence_", *TONES_HZ)
_SHARPNESS = 10.0  # of the scores: those of a tone of amplitude 0.3 are 0.998


def write_tones(path: Path) -> Path:
    """Write the classifier; its card sets all that the detector needs."""
    angle = 2 * np.pi * np.arange(WINDOW) / RATE
    waves = [wave(hz * angle) for hz in TONES_HZ.values() for wave in (np.sin, np.cos)]
    parts = 2 / WINDOW * np.stack(waves, axis=1)
    sums = _SHARPNESS * np.array([[0, 10, 0]] * 2 + [[0, 0, 10]] * 2)
    inputs = [tensor("audio", "audio", "B", WINDOW)]
    outputs = [tensor("scores", "scores", "B", len(LABELS))]
    nodes = [
        helper.make_node("MatMul", ["audio", "waves"], ["parts"]),
        helper.make_node("Mul", ["parts", "parts"], ["powers"]),
        helper.make_node("MatMul", ["powers", "sums"], ["sure"]),
        helper.make_node("Add", ["sure", "quiet"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
    ]
    weights = {
        "waves": parts.astype("f"),
        "sums": sums.astype("f"),
        "quiet": np.array([3, 0, 0], "f"),
    }
    card = Card(
        *("tones", "classifier", RATE, tuple(inputs), tuple(outputs)),
        labels=LABELS,
        extra={
            "hop_seconds": HOP / RATE,
            "detector": {"threshold": 0.6, "release": 0.7, "refractory_seconds": 0.1},
        },
    )
    return save(path, nodes, inputs, outputs, weights, card)


def tones(seconds: float = 3.0, rate: int = RATE) -> np.ndarray:
    """Silence with a low tone from 0.5 to 1 s and a high one from 2 to 2.4 s."""
    time = np.arange(round(seconds * rate)) / rate
    low = 0.3 * np.sin(2 * np.pi * TONES_HZ["low"] * time) * within(time, 0.5, 1.0)
    high = 0.3 * np.sin(2 * np.pi * TONES_HZ["high"] * time) * within(time, 2.0, 2.4)
    return (low + high).astype(np.float32)


def within(time: np.ndarray, first: float, last: float) -> np.ndarray:
    return (first <= time) & (time < last)


def write_recording(path: Path, rate: int = RATE) -> Path:
    """Write `tones` to a sound file."""
    soundfile.write(path, tones(rate=rate), rate)
    return path
