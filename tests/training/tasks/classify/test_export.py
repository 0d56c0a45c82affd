"""What is exported is the network with its temperature, and says how to use it."""

import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models import card
from tests.training.tasks.classify import tiny
from training.errors import ConfigError
from training.run.export import TOLERANCE, finish
from training.tasks.classify import calibrate, cross, evaluate, export
from training.tasks.classify.trained import load


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("models")
    evaluation = cross.runs(trained)[0].folder / "evaluation"
    evaluate.evaluate(trained, evaluation)
    finish(export.exported(trained), out)
    return out


@pytest.fixture(scope="module")
def figures(trained, exported):
    return export.read_metrics(trained)


def session(folder):
    return onnxruntime.InferenceSession(
        folder / "tiny.onnx", providers=["CPUExecutionProvider"]
    )


def stored_card(folder) -> card.Card:
    stored = onnx.load(folder / "tiny.onnx").metadata_props
    (text,) = [p.value for p in stored if p.key == card.METADATA_KEY]
    return card.from_json(text, "tiny")


def test_tensor_names_and_shapes(exported):
    opened = session(exported)
    found = {t.name: t.shape for t in [*opened.get_inputs(), *opened.get_outputs()]}
    assert found == {"audio": ["B", tiny.FRAMES], "scores": ["B", 3]}


@pytest.mark.parametrize("count", [1, 5])
def test_scores_are_calibrated_probabilities(trained, exported, figures, count):
    random = np.random.default_rng(3)
    audio = random.normal(0, 0.2, (count, tiny.FRAMES)).astype(np.float32)
    found = session(exported).run(None, {"audio": audio})[0]
    logits = load(cross.runs(trained)[0]).scorer(audio)
    expected = calibrate.softmax(logits, figures["runs"][0]["temperature"])
    assert np.abs(found - expected).max() <= TOLERANCE
    assert np.allclose(found.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.5, 1e9, np.nan, np.inf])
def test_no_input_gives_anything_but_probabilities(exported, value):
    audio = np.full((1, tiny.FRAMES), value, np.float32)
    found = session(exported).run(None, {"audio": audio})[0]
    assert np.all(np.isfinite(found)) and found.sum() == pytest.approx(1.0, abs=1e-5)


def test_golden_pair_is_replayed(exported):
    with np.load(exported / "tiny.golden.npz", allow_pickle=False) as golden:
        audio, expected = golden["in_audio"], golden["out_scores"]
    found = session(exported).run(None, {"audio": audio})[0]
    assert np.abs(found - expected).max() <= TOLERANCE


def test_the_card_says_what_a_host_needs(exported, figures):
    found = stored_card(exported)
    assert (found.kind, found.sample_rate) == ("classifier", tiny.RATE)
    assert found.labels == tiny.LABELS
    detector = found.extra["detector"]
    assert set(detector["threshold"]) == set(tiny.LABELS)
    assert list(detector["threshold"].values()) == figures["runs"][0]["thresholds"]
    assert all(0.5 <= t <= 0.95 for t in detector["threshold"].values())
    assert detector["release"] == 0.7
    assert detector["background"] == [] and found.extra["hop_seconds"] == 0.1
    assert found.metrics["accuracy"] == figures["accuracy"]
    assert "2 groups" in found.metrics["protocol"]
    assert found.license == "CC0-1.0" and "27 clips" in found.data


def test_without_an_evaluation_the_next_step_is_named(trained, tmp_path):
    moved = replace(trained, output=replace(trained.output, run=str(tmp_path)))
    with pytest.raises(ConfigError, match="python -m training evaluate"):
        finish(export.exported(moved), tmp_path)


def test_an_old_evaluation_is_refused(trained, exported, figures, tmp_path):
    figures = json.loads(json.dumps(figures))
    figures["runs"][0]["step"] = 1
    (tmp_path / "old.json").write_text(json.dumps(figures))
    with pytest.raises(ConfigError, match="evaluated at step 1, but the newest is 90"):
        finish(export.exported(trained, tmp_path / "old.json"), tmp_path)


def test_a_large_model_is_refused(trained, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "MAX_BYTES", 1_000)
    with pytest.raises(ModelError, match="make the network smaller"):
        finish(export.exported(trained), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_fold_that_is_not_there_is_named(exported, trained):
    data = replace(trained.data, protocol="folds")
    output = replace(trained.output, ship=9)
    with pytest.raises(ConfigError, match="output.ship is 9; allowed: 1 to 3"):
        export.shipped(replace(trained, data=data, output=output))
