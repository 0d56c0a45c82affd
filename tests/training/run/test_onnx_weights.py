"""The shipped models give their weights back: the networks compute what they do."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import tensorflow as tf
from keras.layers import BatchNormalization

from rtaudio_dl.models.card import METADATA_KEY
from training.errors import ConfigError
from training.run import names, onnx_weights
from training.tasks.classify import nets
from training.tasks.classify.config import Config as ClassifierConfig
from training.tasks.classify.front import Front
from training.tasks.classify.normalisation import measured
from training.tasks.notes import network, synth
from training.tasks.notes.config import Config as NotesConfig
from training.tasks.notes.export import encode_audio
from training.tasks.wavegan.config import Config as GeneratorConfig
from training.tasks.wavegan.sample import built

ROOT = Path(__file__).parents[3]
MODELS, CONFIGS = ROOT / "models", ROOT / "configs"
LIMIT = 1e-5  # of samples and timbres, of the golden pairs


def golden(name: str) -> dict[str, np.ndarray]:
    with np.load(MODELS / f"{name}.golden.npz", allow_pickle=False) as pair:
        return {n: pair[n] for n in pair.files}


def fill(model, name: str) -> None:
    """Give a network the weights of a shipped file; every one must be found."""
    found = onnx_weights.read(MODELS / f"{name}.onnx", model)
    for key, variable in names.of_model(model).items():
        if "seed_generator" not in key:
            variable.assign(found[key])


def test_the_generator():
    generator = built(GeneratorConfig.load(CONFIGS / "wavegan_drums.toml"))
    fill(generator, "drums")
    pair = golden("drums")
    latent, classes = tf.constant(pair["in_latent"]), tf.constant(pair["in_class"])
    found = generator(latent, classes).numpy()
    assert np.abs(found - pair["out_audio"]).max() < LIMIT


def card_of(name: str) -> dict:
    stored = onnx.load(MODELS / f"{name}.onnx").metadata_props
    return json.loads(next(p.value for p in stored if p.key == METADATA_KEY))


@pytest.mark.parametrize("name", ["commands", "digits", "esc10"])
def test_the_classifiers(name):
    """Also after their statistics have been measured anew on other sounds."""
    config = ClassifierConfig.load(CONFIGS / f"{name}.toml")
    card = card_of(name)
    net = nets.network(config, len(card["labels"]))
    fill(net, name)
    pair, front = golden(name), Front(config.spec, config.front.kind)
    features = front(tf.constant(pair["in_audio"]))[..., None]
    temperature = card["metrics"]["this_run"]["temperature"]

    def scores(training: bool) -> np.ndarray:
        return tf.nn.softmax(net(features, training=training) / temperature).numpy()

    assert np.abs(scores(False) - pair["out_scores"]).max() < LIMIT
    measured(net, features)
    assert np.abs(scores(False) - pair["out_scores"]).max() < 1e-3
    norm = next(x for x in net.layers if isinstance(x, BatchNormalization))
    assert np.abs(norm.moving_mean.numpy()).max() > 1.0


def test_a_measured_classifier_is_the_same_in_training():
    """Normalised by the batch that it was measured on: no other network."""
    config = ClassifierConfig.load(CONFIGS / "commands.toml")
    plain = replace(config, model=replace(config.model, dropout=0.0))
    front, pair = Front(config.spec, config.front.kind), golden("commands")
    features = front(tf.constant(pair["in_audio"]))[..., None]
    drift = []
    for before in (lambda *_: None, measured):
        net = nets.network(plain, 12)
        fill(net, "commands")
        before(net, features)
        wanted = net(features, training=False).numpy()
        drift.append(np.abs(net(features, training=True).numpy() - wanted).max())
    assert drift[1] < 0.1 < 1.0 < drift[0]


def test_the_decoder_of_notes():
    config = NotesConfig.load(CONFIGS / "notes.toml")
    _, decoder = network.build(config.model)
    fill(decoder, "notes")
    pair = {n: tf.constant(v) for n, v in golden("notes").items()}
    inputs = [pair[f"in_{n}"] for n in ("pitch", "velocity", "gate", "timbre", "noise")]
    state = {name: pair[f"in_{name}"] for name in synth.STATE}
    audio, after = synth.step(decoder, config.model.hop, *inputs, state)
    assert np.abs(audio - pair["out_audio"]).max() < LIMIT
    assert np.abs(after["level"] - pair["out_level_after"]).max() < LIMIT


def test_the_encoder_of_notes():
    encoder, _ = network.build(NotesConfig.load(CONFIGS / "notes.toml").model)
    fill(encoder, "notes.encoder")
    pair = golden("notes.encoder")
    inputs = [tf.constant(pair[f"in_{n}"]) for n in ("audio", "pitch", "velocity")]
    found = encode_audio(encoder, *inputs).numpy()
    assert np.abs(found - pair["out_timbre"]).max() < LIMIT


def test_what_is_not_onnx_is_explained(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"no model")
    encoder, _ = network.build(NotesConfig.load(CONFIGS / "notes.toml").model)
    with pytest.raises(ConfigError, match="not an ONNX file"):
        onnx_weights.read(tmp_path / "a.onnx", encoder)
