"""From a trained run to two ONNX files with cards: the instrument and its encoder."""

from __future__ import annotations

from collections.abc import Callable

import onnx
import tensorflow as tf

from rtaudio_dl.card import METADATA_KEY, Card, Tensor
from rtaudio_dl.errors import ModelError
from training.notes import synth
from training.notes.analysis import FRAMES, RATE
from training.notes.config import Model
from training.notes.network import Decoder

OPSET = 17
MAX_BYTES = 12_000_000


def controls(model: Model) -> list[Tensor]:
    """The instrument's inputs but its states."""
    return [
        Tensor("pitch", "pitch", ("B", 1)),
        Tensor("velocity", "velocity", ("B", 1)),
        Tensor("gate", "control", ("B", 1)),
        Tensor("timbre", "control", ("B", model.timbre)),
        Tensor("noise", "latent", ("B", synth.noise_size(model.hop))),
    ]


def states(model: Model, after: bool) -> list[Tensor]:
    """The instrument's states as inputs, or ``after`` the hop as outputs."""
    return [
        Tensor(f"{name}_after" if after else name, "state", ("B", size))
        for name, size in synth.state_sizes(model.hop).items()
    ]


def convert_decoder(decoder: Decoder, model: Model) -> onnx.ModelProto:
    """One hop as an ONNX graph; the tensors are those of the card."""
    inputs = controls(model) + states(model, after=False)

    def graph(pitch, velocity, gate, timbre, noise, *state):
        named = dict(zip(synth.STATE, state, strict=True))
        audio, after = synth.step(
            decoder, model.hop, pitch, velocity, gate, timbre, noise, named
        )
        outputs = {"audio": audio}
        return outputs | {f"{name}_after": after[name] for name in synth.STATE}

    return convert(graph, inputs)


def convert(graph: Callable, inputs: list[Tensor]) -> onnx.ModelProto:
    """A function of tensors as ONNX with real names and a free batch size."""
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
        dimension.dim_param = "B"
    return model


def describe(model: Model, facts: dict, timbres: dict, metrics: dict) -> Card:
    """The instrument's card. ``timbres``: name -> {"z", "family", "xy"}."""
    return Card(
        name=model.name,
        kind="stream",
        sample_rate=RATE,
        inputs=(*controls(model), *states(model, after=False)),
        outputs=(
            Tensor("audio", "audio", ("B", model.hop)),
            *states(model, after=True),
        ),
        license=model.licence,
        data=facts["data"],
        metrics=metrics,
        created=facts["created"],
        extra={
            "hop": model.hop,
            "latent_distribution": "normal",
            "timbres": timbres,
            "training": facts["training"],
        },
    )


def describe_encoder(model: Model, facts: dict) -> Card:
    """The encoder's card: a note of 4 s, its key and velocity -> a timbre."""
    return Card(
        name=f"{model.name}.encoder",
        kind="encoder",
        sample_rate=RATE,
        inputs=(
            Tensor("audio", "audio", ("B", FRAMES)),
            Tensor("pitch", "pitch", ("B", 1)),
            Tensor("velocity", "velocity", ("B", 1)),
        ),
        outputs=(Tensor("timbre", "scores", ("B", model.timbre)),),
        license=model.licence,
        data=facts["data"],
        created=facts["created"],
        extra={"decoder": model.name},
    )


def seal(model: onnx.ModelProto, card: Card) -> bytes:
    """The file's bytes with the card in it, checked."""
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, card.to_json()
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    if len(data) > MAX_BYTES:
        raise ModelError(
            f"{card.name}.onnx would have {len(data)} bytes; allowed: {MAX_BYTES}; "
            "lower model.width"
        )
    return data
