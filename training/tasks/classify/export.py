"""A trained classifier as a model that the host can hear with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from rtaudio_dl.models.card import Card, Tensor
from training.errors import ConfigError
from training.run import export
from training.run.export import GOLDEN_SEED
from training.run.part import Part
from training.run.task import Exported
from training.tasks.classify import cross
from training.tasks.classify.config import Config
from training.tasks.classify.evaluate import FILE
from training.tasks.classify.trained import Trained, load

MAX_BYTES = 2_000_000
STEPS_16_BIT = 32_768.0


def exported(config: Config, metrics: Path | None = None) -> Exported:
    """Card, graph and golden pair.

    Input ``audio`` (B, frames), output ``scores`` (B, C): probabilities, with the
    temperature that `evaluate` chose. Of a cross-validation it takes ``output.ship``.
    """
    figures = read_metrics(config, metrics)
    part = shipped(config)
    trained = load(part)
    run = next(r for r in figures["runs"] if r["run"] == part.config.data.fold)
    if run["step"] != trained.facts["step"]:
        raise ConfigError(
            f"{part.folder}: evaluated at step {run['step']}, but the newest is "
            f"{trained.facts['step']}; evaluate it again"
        )
    card = describe(trained, config, figures, run)
    audio = golden_audio(trained.config)
    expected = scores(trained, run["temperature"], tf.constant(audio)).numpy()
    graph = export.convert(
        lambda audio: {"scores": scores(trained, run["temperature"], audio)},
        card.inputs,
    )
    return Exported(card, graph, {"audio": audio}, {"scores": expected}, MAX_BYTES)


def shipped(config: Config) -> Part:
    """The run that is exported."""
    parts = cross.runs(config)
    for part in parts:
        if part.config.data.fold in (0, config.output.ship):
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
    return export.read_metrics(path)


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
        created=export.created(),
        extra={
            "hop_seconds": config.detector.hop_seconds,
            "detector": detector(trained.labels, config, run),
            "training": export.history(facts, "clips", "groups", "licences"),
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
