"""A classifier with its memory, set up for the analysis thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rtaudio_dl.core.allowance import LONG_SECONDS
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.kinds.classifier.layout import AnalysisMemory
from rtaudio_dl.kinds.classifier.settings import (
    DetectorSettings,
    activation_of,
    detector_settings,
    hop_of,
    labels_of,
)
from rtaudio_dl.models.card import Card
from rtaudio_dl.models.contract import concrete_shape, state_pairs
from rtaudio_dl.models.library import find_model
from rtaudio_dl.models.model import Model, open_model
from rtaudio_dl.models.session import Binding

LISTENING = ("classifier",)
_DC_HZ = 15.0  # -3 dB point of the DC blocker
_PATIENCE_SECONDS = 0.1  # that the model may be behind before it leaves hops out


@dataclass
class Classifier:
    """A model that listens; keeps alive all memory that its kernels point to.

    ``model`` and ``settings`` are None where only onsets are wanted.
    """

    memory: AnalysisMemory
    labels: tuple[str, ...]
    model: Model | None = None
    settings: DetectorSettings | None = None
    hop: int = 0  # frames at the model's rate
    binding: Binding | None = field(default=None, repr=False)

    def close(self) -> None:
        """Release the model; no thread may use it any more."""
        if self.model is not None:
            self.model.close()


def without_model(rate: int, engine: Engine | None = None) -> Classifier:
    """For onsets alone."""
    return Classifier(AnalysisMemory(rate, rate, 1, 0, engine=engine), ())


def open_classifier(
    name: str | Path,
    rate: int,
    *,
    changes: Mapping[str, Any] | None = None,
    dc: bool = False,
    provider: str = "cpu",
    engine: Engine | None = None,
) -> Classifier:
    """Open a classifier for input at ``rate`` Hz, warmed up.

    ``changes`` to its detector's settings; its DC blocker is on unless ``dc``. Raises
    ModelError or DeviceError.
    """
    model = open_model(find_model(name), provider, LISTENING)
    try:
        card = model.card
        settings = detector_settings(card, changes)
        hop = hop_of(card)
        pairs = state_pairs(card)
        memory = AnalysisMemory(
            *(rate, card.sample_rate, hop, len(settings.labels), len(pairs), engine)
        )
        settings.write(memory.detector, memory.classes, rate)
        memory.state["long"] = model.warm_up() > LONG_SECONDS
        classifier = Classifier(memory, labels_of(card), model, settings, hop)
        _bind(classifier)
    except BaseException:
        model.close()
        raise
    record = memory.state
    record["activation"] = activation_of(card)
    record["dc_pole"] = 0.0 if dc else np.exp(-2 * np.pi * _DC_HZ / card.sample_rate)
    if engine is not None:
        hop_frames = hop * rate / card.sample_rate
        record["patience"] = round(max(hop_frames, _PATIENCE_SECONDS * rate))
    return classifier


def _bind(classifier: Classifier) -> None:
    card, session = classifier.model.card, classifier.model.session
    inputs = {t.name: _given(t) for t in card.inputs}
    wanted = [t for t in card.outputs if t.role in ("scores", "state")]
    outputs = {t.name: np.zeros(concrete_shape(t), t.dtype) for t in wanted}
    classifier.binding = binding = session.bind(inputs, outputs)
    record = classifier.memory.state
    binding.write(record["model"][0, 0])
    audio = inputs[card.input("audio").name]
    record["audio"], record["audio_size"] = audio.ctypes.data, audio.size
    record["scores"] = outputs[card.output("scores").name].ctypes.data
    _bind_states(classifier, card, inputs, outputs)


def _bind_states(
    classifier: Classifier,
    card: Card,
    inputs: dict[str, np.ndarray],
    outputs: dict[str, np.ndarray],
) -> None:
    states = zip(classifier.memory.states, state_pairs(card), strict=True)
    for state, (given, taken) in states:
        state["given"] = inputs[given.name].ctypes.data
        state["taken"] = outputs[taken.name].ctypes.data
        state["words"] = inputs[given.name].nbytes // 4


def _given(tensor) -> np.ndarray:
    """An input's memory: constants as the card says, silence and zeros else."""
    value = 0.0 if tensor.value is None else tensor.value
    return np.full(concrete_shape(tensor), value, tensor.dtype)
