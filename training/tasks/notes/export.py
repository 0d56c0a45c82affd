"""From a trained run to two ONNX files with cards: the instrument and its encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import tensorflow as tf

from rtaudio_dl.models.card import Card, Tensor
from training.audio.logmel import MelSpectrogram
from training.run import export
from training.run.export import GOLDEN_SEED
from training.run.task import Exported
from training.tasks.notes import synth
from training.tasks.notes.config import Model
from training.tasks.notes.features import SPEC, Notes, cell_weights
from training.tasks.notes.form import FRAMES, RATE
from training.tasks.notes.network import Decoder, Encoder
from training.tasks.notes.sample import Trained, timbres

MAX_BYTES = 12_000_000
GOLDEN_HOPS = 48
RELEASE_HOP = 40
KEPT_HOPS = (0, 1, 8, 39, 40, 47)  # of the golden notes
SOURCE = "FluidR3 GM by Frank Wen (MIT licence), rendered with FluidSynth"


def exported(
    trained: Trained, notes: Notes, metrics: Path | None = None
) -> list[Exported]:
    """``NAME`` and ``NAME.encoder``, each with its golden pair."""
    model = trained.config.model
    found = timbres(trained, notes)
    given = figures(export.read_metrics(metrics)) if metrics else {}
    facts = {
        "data": (
            f"{trained.facts['notes']} notes of {trained.facts['instruments']} "
            f"instruments: {SOURCE}"
        ),
        "created": export.created(),
        "training": export.history(trained.facts),
    }
    z = np.array([t["z"] for t in found.values()], np.float32)
    return [
        Exported(
            describe(model, facts, found, given),
            convert_decoder(trained.decoder, model),
            *golden_hops(trained.decoder, model, z),
            MAX_BYTES,
        ),
        Exported(
            describe_encoder(model, facts),
            convert_encoder(trained.encoder),
            *golden_notes(trained, z),
            MAX_BYTES,
        ),
    ]


def figures(metrics: dict) -> dict:
    """What a card tells of `evaluate`'s metrics: no lists of keys, no histories."""
    pitch = {k: v for k, v in metrics["pitch"].items() if k not in ("errors", "keys")}
    names = ("reconstruction", "morphs", "speed", "minutes_of_training")
    return {k: metrics[k] for k in names} | {"pitch": pitch}


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


def describe(model: Model, facts: dict, found: dict, metrics: dict) -> Card:
    """The instrument's card; ``found`` are its timbres by name."""
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
            "timbres": found,
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
        outputs=(Tensor("timbre", "latent", ("B", model.timbre)),),
        license=model.licence,
        data=facts["data"],
        created=facts["created"],
        extra={"decoder": model.name, "training": facts["training"]},
    )


def convert_decoder(decoder: Decoder, model: Model) -> onnx.ModelProto:
    """One hop as an ONNX graph; the tensors are those of the card."""

    def graph(pitch, velocity, gate, timbre, noise, *state):
        named = dict(zip(synth.STATE, state, strict=True))
        audio, after = synth.step(
            decoder, model.hop, pitch, velocity, gate, timbre, noise, named
        )
        outputs = {"audio": audio}
        return outputs | {f"{name}_after": after[name] for name in synth.STATE}

    return export.convert(graph, controls(model) + states(model, after=False))


def convert_encoder(encoder: Encoder) -> onnx.ModelProto:
    """From audio to timbre, the spectrogram included, as an ONNX graph."""

    def graph(audio, pitch, velocity):
        return {"timbre": encode_audio(encoder, audio, pitch, velocity)}

    names = ("audio", "audio", FRAMES), ("pitch", "pitch", 1), ("velocity",) * 2 + (1,)
    return export.convert(graph, [Tensor(n, r, ("B", size)) for n, r, size in names])


def encode_audio(encoder: Encoder, audio, pitch, velocity) -> tf.Tensor:
    """Timbres (B, Z) of notes (B, FRAMES); equal to `features.encoder_view`."""
    mel = MelSpectrogram(SPEC)(audio)
    cells = tf.matmul(cell_weights().T[None], mel)
    loudest = tf.reduce_max(cells, axis=[1, 2], keepdims=True)
    return encoder(cells - loudest, pitch, velocity)[0]


def golden_hops(
    decoder: Decoder, model: Model, z: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Some hops of notes with the states they found and left, as rows of one batch."""
    random = np.random.default_rng(GOLDEN_SEED)
    size = synth.noise_size(model.hop)
    state = {k: v.numpy() for k, v in synth.zero_state(model.hop, 1).items()}
    kept_in, kept_out = [], []
    for hop in range(GOLDEN_HOPS):
        given = {
            "pitch": np.array([[57.0 + 0.5 * np.sin(hop)]], np.float32),
            "velocity": np.array([[0.8]], np.float32),
            "gate": np.array([[float(hop < RELEASE_HOP)]], np.float32),
            "timbre": z[:1] + (z[-1:] - z[:1]) * np.float32(hop / GOLDEN_HOPS),
            "noise": random.standard_normal((1, size), np.float32),
        }
        inputs = [tf.constant(v) for v in given.values()]
        audio, after = synth.step(decoder, model.hop, *inputs, state)
        after = {k: v.numpy() for k, v in after.items()}
        if hop in KEPT_HOPS:
            kept_in.append(given | state)
            left = {f"{k}_after": v for k, v in after.items()}
            kept_out.append({"audio": audio.numpy()} | left)
        state = after
    return _stacked(kept_in), _stacked(kept_out)


def golden_notes(
    trained: Trained, z: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Two rendered notes and the timbres that are found in them."""
    pitch, velocity = np.array([48.0, 72.0]), np.array([0.4, 0.9])
    audio = trained.render(pitch, velocity, z[:2])[:, :FRAMES]
    # As 16-bit numbers a golden pair is half as large and reads back exactly.
    audio = np.round(audio * 32767.0) / np.float32(32767.0)
    inputs = {
        "audio": audio.astype(np.float32),
        "pitch": pitch[:, None].astype(np.float32),
        "velocity": velocity[:, None].astype(np.float32),
    }
    given = [tf.constant(v) for v in inputs.values()]
    return inputs, {"timbre": encode_audio(trained.encoder, *given).numpy()}


def _stacked(rows: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {k: np.concatenate([r[k] for r in rows]) for k in rows[0]}
