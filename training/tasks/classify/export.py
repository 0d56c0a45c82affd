"""From a trained classifier to one ONNX file with its card, checked on the spot."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tensorflow as tf

from rtaudio_dl.card import Card, Tensor
from training.errors import ConfigError
from training.run import export as exporting
from training.tasks.classify import cross
from training.tasks.classify.config import Config
from training.tasks.classify.evaluate import FILE
from training.tasks.classify.trained import Trained, load

MAX_BYTES = 2_000_000
GOLDEN_SEED = 2_026
STEPS_16_BIT = 32_768.0


def export(config: Config, folder: Path, metrics: Path | None = None) -> dict[str, Any]:
    """Write ``NAME.onnx`` and ``NAME.golden.npz``; gives what was measured.

    Input ``audio`` (B, frames), output ``scores`` (B, C): probabilities, with the
    temperature that `evaluate` chose. Of a cross-validation it takes ``output.ship``.
    Raises ModelError if the file does not reproduce the network's output.
    """
    figures = read_metrics(config, metrics)
    part = shipped(config)
    trained = load(part)
    run = next(r for r in figures["runs"] if r["run"] == part.fold)
    if run["step"] != trained.facts["step"]:
        raise ConfigError(
            f"{part.folder}: evaluated at step {run['step']}, but the newest is "
            f"{trained.facts['step']}; evaluate it again"
        )
    card = describe(trained, config, figures, run)
    audio = golden_audio(trained.config)
    expected = scores(trained, run["temperature"], tf.constant(audio)).numpy()
    model = convert(trained, run["temperature"])
    return exporting.finish(
        card, model, {"audio": audio}, {"scores": expected}, folder, MAX_BYTES
    )


def shipped(config: Config) -> cross.Part:
    """The run that is exported."""
    parts = cross.runs(config)
    for part in parts:
        if part.fold in (0, config.output.ship):
            return part
    raise ConfigError(
        f"output.ship is {config.output.ship}; allowed: 1 to {len(parts)}, a fold"
    )


def read_metrics(config: Config, path: Path | None = None) -> dict:
    """What `evaluate` wrote; by default in the run's own folder."""
    path = path or Path(config.output.run) / "evaluation" / FILE
    if not path.is_file():
        raise ConfigError(
            f"{path}: no such file; a classifier's temperature and thresholds are "
            f"chosen by: python -m training evaluate {config.output.run}"
        )
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from None


def describe(trained: Trained, config: Config, figures: dict, run: dict) -> Card:
    """The card of a classifier: what it hears, how good it is, how to use it live.

    Name, licence, credits and detector are those of ``config``, the run's
    ``config.json``, so that they can be corrected without training anew.
    """
    facts = trained.facts
    return Card(
        name=config.model.name,
        kind="classifier",
        sample_rate=config.data.sample_rate,
        inputs=(Tensor("audio", "audio", ("B", config.data.frames)),),
        outputs=(Tensor("scores", "scores", ("B", len(trained.labels))),),
        labels=trained.labels,
        license=config.model.licence,
        data=_data(config, facts),
        metrics={k: v for k, v in figures.items() if k != "runs"}
        | {"this_run": {k: v for k, v in run.items() if k != "thresholds"}}
        | {"accuracy_of_each_run": [r["accuracy"] for r in figures["runs"]]},
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        extra={
            "hop_seconds": config.detector.hop_seconds,
            "detector": detector(trained.labels, config, run),
            "training": {
                "steps": facts["step"],
                "minutes": facts["minutes"],
                "data_digest": facts["data"],
                "parameters": facts["parameters"],
                "clips": facts["clips"],
                "groups": facts["groups"],
                "licences": facts["licences"],
            },
        },
    )


def _data(config: Config, facts: dict) -> str:
    trained_on = (
        f"trained on {facts['clips']} clips of {facts['groups']} speakers or sources; "
        f"licences: {facts['licences']}"
    )
    return f"{config.model.data}; {trained_on}" if config.model.data else trained_on


def detector(labels: tuple[str, ...], config: Config, run: dict) -> dict:
    """How scores become events, as the host's detector takes it."""
    settings = config.detector
    return {
        "threshold": dict(zip(labels, run["thresholds"], strict=True)),
        "release": settings.release,
        "smoothing_seconds": settings.smoothing_seconds,
        "hold_seconds": settings.hold_seconds,
        "refractory_seconds": settings.refractory_seconds,
        "background": list(settings.background),
    }


def convert(trained: Trained, temperature: float) -> onnx.ModelProto:
    """The classifier as an ONNX graph with real tensor names and a free batch size."""
    # Imported here: it takes seconds, and only this command needs it.
    import tf2onnx

    shape = [None, trained.config.data.frames]
    signature = [tf.TensorSpec(shape, tf.float32, "audio")]

    @tf.function(input_signature=signature, autograph=False)
    def graph(audio):
        found = scores(trained, temperature, audio)
        return {"scores": tf.identity(found, name="scores")}

    model, _ = tf2onnx.convert.from_function(
        graph, input_signature=signature, opset=exporting.OPSET
    )
    exporting.name_batch(model)
    return model


def scores(trained: Trained, temperature: float, audio: tf.Tensor) -> tf.Tensor:
    """Probabilities (B, C) of windows (B, frames) after temperature scaling."""
    found = trained.network(trained.front(audio)[..., None], training=False)
    return tf.nn.softmax(found / temperature)


def golden_audio(config: Config) -> np.ndarray:
    """Silence, noise, a sweep, a clipped tone on DC: (4, frames), in 16 bits' steps."""
    frames, rate = config.data.frames, config.data.sample_rate
    t = np.arange(frames) / rate
    random = np.random.default_rng(GOLDEN_SEED)
    burst = random.normal(0, 0.1, frames) * np.exp(-8 * t)
    sweep = 0.3 * np.sin(2 * np.pi * (100 + rate / 8 * t) * t)
    tone = np.clip(1.5 * np.sin(2 * np.pi * 220 * t) + 0.2, -1, 1)
    audio = np.stack([np.zeros(frames), burst, sweep, tone])
    return (np.round(audio * (STEPS_16_BIT - 1)) / STEPS_16_BIT).astype(np.float32)
