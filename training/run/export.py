"""From a trained generator to one ONNX file with its card, checked on the spot."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import tensorflow as tf

from rtaudio_dl.card import METADATA_KEY, Card, Tensor
from rtaudio_dl.errors import ModelError
from training.run.files import write_atomically
from training.tasks.wavegan.trained import Trained, latents

OPSET = 17
TOLERANCE = 1e-4  # Largest difference between Keras and ONNX Runtime, per sample.
MAX_BYTES = 12_000_000
GOLDEN_SEED = 2_026
GOLDEN_COUNT = 4
TIMED_RUNS = 200


def export(
    trained: Trained, folder: Path, metrics: Path | None = None
) -> dict[str, Any]:
    """Write ``NAME.onnx`` and ``NAME.golden.npz``; gives what was measured.

    Inputs ``latent`` (B, Z) and, if conditional, ``class`` (B, K): a one-hot vector or
    a mixture. Output ``audio`` (B, frames). Raises ModelError if the file does not
    reproduce Keras' output, or is too large.
    """
    card = describe(trained, metrics)
    inputs = golden_inputs(trained)
    expected = {"audio": _keras(trained, inputs)}
    return finish(card, convert(trained), inputs, expected, folder, MAX_BYTES)


def finish(
    card: Card,
    model: onnx.ModelProto,
    inputs: dict[str, np.ndarray],
    expected: dict[str, np.ndarray],
    folder: Path,
    max_bytes: int,
) -> dict[str, Any]:
    """Put the card into a graph, check it, write it and its golden pair.

    ``expected`` is what the network itself gives for ``inputs``, both by tensor name.
    Raises ModelError as `export` does; gives what was measured.
    """
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, card.to_json()
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    if len(data) > max_bytes:
        raise ModelError(
            f"{card.name}.onnx would have {len(data)} bytes; allowed: {max_bytes}; "
            "make the network smaller, as by a lower model.dim or model.widths"
        )
    opened = session(data)
    difference = _difference(opened, inputs, expected)
    if not difference <= TOLERANCE:
        raise ModelError(
            f"{card.name}.onnx differs from the network by {difference:.2g}; allowed: "
            f"{TOLERANCE}; an operation was converted wrongly"
        )
    path = folder / f"{card.name}.onnx"
    write_atomically(path, lambda file: file.write(data))
    pair = {f"out_{n}": v for n, v in expected.items()}
    pair |= {f"in_{n}": v for n, v in inputs.items()}
    write_atomically(
        folder / f"{card.name}.golden.npz",
        lambda file: np.savez_compressed(file, **pair),
    )
    return {
        "file": str(path),
        "bytes": len(data),
        "largest difference from Keras": difference,
        "ms per run, one thread": round(milliseconds(opened, inputs), 3),
    }


def _difference(
    opened: onnxruntime.InferenceSession,
    inputs: dict[str, np.ndarray],
    expected: dict[str, np.ndarray],
) -> float:
    given = {t.name: inputs[t.name] for t in opened.get_inputs()}
    found = opened.run(list(expected), given)
    pairs = zip(found, expected.values(), strict=True)
    return max(float(np.abs(f - e).max()) for f, e in pairs)


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
        metrics=json.loads(metrics.read_text("utf-8")) if metrics else {},
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        extra={
            "latent_distribution": config.model.latent_distribution,
            "training": {
                "steps": facts.get("step"),
                "minutes": facts.get("minutes"),
                "data_digest": facts.get("data"),
                "parameters": facts.get("parameters"),
            },
        },
    )


def convert(trained: Trained) -> onnx.ModelProto:
    """The generator as an ONNX graph with real tensor names and a free batch size."""
    # Imported here: it takes seconds, and only this command needs it.
    import tf2onnx

    signature = [
        tf.TensorSpec([None, t.shape[1]], tf.float32, t.name)
        for t in describe(trained).inputs
    ]

    @tf.function(input_signature=signature)
    def graph(*tensors):
        return {"audio": tf.identity(_call(trained, *tensors), name="audio")}

    model, _ = tf2onnx.convert.from_function(
        graph, input_signature=signature, opset=OPSET
    )
    name_batch(model)
    return model


def golden_inputs(trained: Trained) -> dict[str, np.ndarray]:
    """Seeded inputs by tensor name: the first classes, and a mixture of two."""
    inputs = {"latent": latents(trained.config, GOLDEN_COUNT, GOLDEN_SEED)}
    count = len(trained.labels)
    if count:
        one_hot = np.eye(count, dtype=np.float32)[np.arange(GOLDEN_COUNT) % count]
        one_hot[-1] = np.float32(0.5) * (one_hot[0] + one_hot[1])
        inputs["class"] = one_hot
    return inputs


def milliseconds(
    opened: onnxruntime.InferenceSession, inputs: dict[str, np.ndarray]
) -> float:
    """Median time of one run, batch 1."""
    one = {i.name: inputs[i.name][:1] for i in opened.get_inputs()}
    times = []
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        opened.run(None, one)
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def _call(trained: Trained, latent: tf.Tensor, *classes: tf.Tensor) -> tf.Tensor:
    given = classes[0] if classes else tf.ones([tf.shape(latent)[0], 1])
    return trained.generator(latent, given)


def _keras(trained: Trained, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return _call(trained, *[tf.constant(v) for v in inputs.values()]).numpy()


def name_batch(model: onnx.ModelProto) -> None:
    """Call the free dimension B, as the card does."""
    for value in [*model.graph.input, *model.graph.output]:
        dimension = value.type.tensor_type.shape.dim[0]
        dimension.Clear()
        dimension.dim_param = "B"


def session(data: bytes) -> onnxruntime.InferenceSession:
    """A session of one thread on the CPU, as the host opens it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        data, options, providers=["CPUExecutionProvider"]
    )
