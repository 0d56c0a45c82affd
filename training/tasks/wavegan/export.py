"""A trained generator as a model that the host can play."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from rtaudio_dl.models.card import Card, Tensor
from training.run import export
from training.run.export import GOLDEN_SEED
from training.run.task import Exported
from training.tasks.wavegan.sample import Trained, latents

MAX_BYTES = 12_000_000
GOLDEN_COUNT = 4


def exported(trained: Trained, metrics: Path | None = None) -> Exported:
    """Card, graph and golden pair.

    Inputs ``latent`` (B, Z) and, if conditional, ``class`` (B, K): a one-hot vector or
    a mixture. Output ``audio`` (B, frames).
    """
    card, inputs = describe(trained, metrics), golden_inputs(trained)
    graph = export.convert(
        lambda *tensors: {"audio": _call(trained, *tensors)}, card.inputs
    )
    return Exported(card, graph, inputs, {"audio": _keras(trained, inputs)}, MAX_BYTES)


def describe(trained: Trained, metrics: Path | None = None) -> Card:
    """The card of a generator."""
    config, facts = trained.config, trained.facts
    inputs = [Tensor("latent", "latent", ("B", config.model.latent))]
    if trained.labels:
        inputs.append(Tensor("class", "class", ("B", len(trained.labels))))
    return Card(
        name=config.model.name,
        kind="oneshot",
        sample_rate=config.data.sample_rate,
        inputs=tuple(inputs),
        outputs=(Tensor("audio", "audio", ("B", config.data.frames)),),
        labels=trained.labels,
        license=config.model.licence,
        data=(
            f"{facts.get('clips', '?')} sounds of {facts.get('groups', '?')} sources; "
            f"licences: {facts.get('licences', 'unknown')}"
        ),
        metrics=export.read_metrics(metrics) if metrics else {},
        created=export.created(),
        extra={
            "latent_distribution": config.model.latent_distribution,
            "training": export.history(facts),
        },
    )


def golden_inputs(trained: Trained) -> dict[str, np.ndarray]:
    """Seeded inputs by tensor name: the first classes, and a mixture of two."""
    inputs = {"latent": latents(trained.config, GOLDEN_COUNT, GOLDEN_SEED)}
    count = len(trained.labels)
    if count:
        one_hot = np.eye(count, dtype=np.float32)[np.arange(GOLDEN_COUNT) % count]
        one_hot[-1] = np.float32(0.5) * (one_hot[0] + one_hot[1])
        inputs["class"] = one_hot
    return inputs


def _call(trained: Trained, latent: tf.Tensor, *classes: tf.Tensor) -> tf.Tensor:
    given = classes[0] if classes else tf.ones([tf.shape(latent)[0], 1])
    return trained.generator(latent, given)


def _keras(trained: Trained, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return _call(trained, *[tf.constant(v) for v in inputs.values()]).numpy()
