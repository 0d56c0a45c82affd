"""From a network to one ONNX file with its card, checked on the spot."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import tensorflow as tf

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models.card import METADATA_KEY, Tensor
from training.errors import ConfigError
from training.run.files import write_atomically
from training.run.task import Exported

OPSET = 17
TOLERANCE = 1e-4  # Largest difference between Keras and ONNX Runtime, per sample.
GOLDEN_SEED = 2_026
TIMED_RUNS = 200
FACTS = ("steps", "minutes", "data_digest", "parameters")


def convert(
    graph: Callable[..., dict[str, tf.Tensor]], inputs: Iterable[Tensor]
) -> onnx.ModelProto:
    """A function of tensors as ONNX with real tensor names and a free batch size.

    ``graph`` takes a tensor (B, ...) for each of ``inputs``; gives outputs by name.
    """
    # Imported here: it takes seconds, and only this command needs it.
    import tf2onnx

    signature = [
        tf.TensorSpec([None, *t.shape[1:]], tf.float32, t.name) for t in inputs
    ]

    @tf.function(input_signature=signature, autograph=False)
    def named(*tensors):
        outputs = graph(*tensors)
        return {name: tf.identity(x, name=name) for name, x in outputs.items()}

    model, _ = tf2onnx.convert.from_function(
        named, input_signature=signature, opset=OPSET
    )
    for value in [*model.graph.input, *model.graph.output]:
        dimension = value.type.tensor_type.shape.dim[0]
        dimension.Clear()
        dimension.dim_param = "B"  # as the card calls it
    return model


def created() -> str:
    """Now, as a card says it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def history(facts: dict, *more: str) -> dict[str, Any]:
    """What a card tells of the training, from a checkpoint's facts."""
    named = facts | {"steps": facts.get("step"), "data_digest": facts.get("data")}
    return {name: named.get(name) for name in (*FACTS, *more)}


def read_metrics(path: Path) -> dict:
    """What `evaluate` wrote. Raises ConfigError."""
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from None


def finish(exported: Exported, folder: Path) -> dict[str, Any]:
    """Put the card into the graph, check it, write it and its golden pair.

    Raises ModelError if the graph does not reproduce what the network gives, or is too
    large; gives what was measured.
    """
    card, model = exported.card, exported.graph
    inputs, expected = exported.inputs, exported.expected
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, card.to_json()
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    if len(data) > exported.max_bytes:
        raise ModelError(
            f"{card.name}.onnx would have {len(data)} bytes; allowed: "
            f"{exported.max_bytes}; make the network smaller, as by a lower model.dim "
            "or model.widths"
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


def session(data: bytes) -> onnxruntime.InferenceSession:
    """A session of one thread on the CPU, as the host opens it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        data, options, providers=["CPUExecutionProvider"]
    )


def _difference(
    opened: onnxruntime.InferenceSession,
    inputs: dict[str, np.ndarray],
    expected: dict[str, np.ndarray],
) -> float:
    given = {t.name: inputs[t.name] for t in opened.get_inputs()}
    found = opened.run(list(expected), given)
    pairs = zip(found, expected.values(), strict=True)
    return max(float(np.abs(f - e).max()) for f, e in pairs)
