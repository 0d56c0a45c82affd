"""What is exported is the network, names itself, and has a pair to prove it."""

import json
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models import card
from tests.training.tasks.wavegan import tiny
from training.run.export import TOLERANCE, finish
from training.tasks.wavegan import export
from training.tasks.wavegan import sample as trained
from training.tasks.wavegan.generator import Generator


def untrained(settings) -> trained.Trained:
    tf.random.set_seed(1)
    generator = Generator(settings)
    count = 2 if settings.model.conditional else 1
    generator(tf.zeros([1, settings.model.latent]), tf.zeros([1, count]))
    return trained.Trained(generator, settings, {"clips": 36, "groups": 6})


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return untrained(tiny.config(tmp_path_factory.mktemp("m"), model={"noise": 4}))


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    metrics = folder / "metrics.json"
    metrics.write_text(json.dumps({"recognition": 0.5}))
    finish(export.exported(model, metrics), folder)
    return folder


def session(folder):
    return onnxruntime.InferenceSession(
        folder / "tiny.onnx", providers=["CPUExecutionProvider"]
    )


def test_tensor_names_and_shapes(folder):
    opened = session(folder)
    found = {t.name: t.shape for t in [*opened.get_inputs(), *opened.get_outputs()]}
    assert found == {"latent": ["B", 8], "class": ["B", 2], "audio": ["B", 512]}


def test_card_inside(folder):
    stored = onnx.load(folder / "tiny.onnx").metadata_props
    (text,) = [p.value for p in stored if p.key == card.METADATA_KEY]
    found = card.from_json(text, "tiny")
    assert (found.kind, found.sample_rate) == ("oneshot", tiny.RATE)
    assert found.labels == tiny.LABELS
    assert found.metrics == {"recognition": 0.5}
    assert found.extra["latent_distribution"] == "normal"
    assert found.input("class").shape == ("B", 2)


@pytest.mark.parametrize("count", [1, 3])
def test_output_is_keras_output(model, folder, count):
    latent = trained.latents(model.config, count, 7)
    mixture = np.full((count, 2), 0.5, np.float32)
    expected = model.generator(tf.constant(latent), tf.constant(mixture)).numpy()
    found = session(folder).run(None, {"latent": latent, "class": mixture})[0]
    assert np.abs(found - expected).max() <= TOLERANCE


def test_golden_pair_is_replayed(folder):
    with np.load(folder / "tiny.golden.npz", allow_pickle=False) as golden:
        inputs = {n[3:]: golden[n] for n in golden.files if n.startswith("in_")}
        expected = golden["out_audio"]
    found = session(folder).run(None, inputs)[0]
    assert len(found) == export.GOLDEN_COUNT
    assert np.abs(found - expected).max() <= TOLERANCE


def test_every_change_of_the_latent_is_heard(folder):
    opened = session(folder)
    one_hot = np.eye(2, dtype=np.float32)[[0]]
    sounds = [
        opened.run(None, {"latent": np.eye(8, dtype=np.float32)[[i]], "class": one_hot})
        for i in range(8)
    ]
    assert len({s[0].tobytes() for s in sounds}) == 8


def test_unconditional_model_has_no_class(tmp_path):
    plain = untrained(tiny.config(tmp_path, model={"conditional": False}))
    finish(export.exported(plain), tmp_path)
    assert [t.name for t in session(tmp_path).get_inputs()] == ["latent"]


def test_a_wrong_conversion_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_keras", lambda *_: np.zeros((4, 512), np.float32))
    with pytest.raises(ModelError, match="differs from the network"):
        finish(export.exported(model), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_large_model_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "MAX_BYTES", 1_000)
    with pytest.raises(ModelError, match="make the network smaller"):
        finish(export.exported(model), tmp_path)


def test_the_card_needs_no_tensorflow(folder):
    """What plays a model must not need what trained it."""
    code = (
        "import sys, onnx; from rtaudio_dl.models import card; "
        "model = onnx.load(sys.argv[1]); "
        "print(card.from_json(model.metadata_props[0].value, 'm').name, "
        "'tensorflow' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(folder / "tiny.onnx")]
    assert subprocess.check_output(command, text=True).split() == ["tiny", "False"]
