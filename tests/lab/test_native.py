"""The benchmarks that need no device, at their smallest."""

from dataclasses import replace
from importlib.util import find_spec

import pytest

from lab import callback, inference
from lab.errors import BenchError
from lab.session import Session
from lab.tensorflow_way import TensorFlow, training_config
from rtaudio_dl.models.library import find_model, list_models
from rtaudio_dl.models.model import read_card


@pytest.fixture(scope="module")
def callbacks():
    return callback.measure(Session(), callback.Plan((1, 3), (64, 256), 1))


def test_each_pair_of_voices_and_block_is_measured(callbacks):
    names = {result.what for result in callbacks if result.group == "callback"}
    assert names == {f"{v} voices, {b} frames" for v in (1, 3) for b in (64, 256)}


def test_costs_are_told_in_time_and_in_parts_of_the_period(callbacks):
    result = callbacks[0]
    assert result.unit == "µs" and result.samples > 100
    period = 1e6 * 64 / 48_000
    percent = 100 * result.figures["p99"] / period
    assert result.facts["p99_percent"] == pytest.approx(percent)
    assert result.facts["strike_max"] > 0


def test_nothing_is_extrapolated_beyond_the_voices_measured(callbacks):
    verdicts = [r.facts for r in callbacks if r.group == "breaks"]
    assert len(verdicts) == 2
    for facts in verdicts:
        broken = facts["breaks_at"]
        assert facts["verdict"] == (f"at {broken}" if broken else "> 3")


def test_voices_that_do_not_sound_are_not_measured(monkeypatch):
    monkeypatch.setattr(callback, "_strike", lambda host, voices: None)
    with pytest.raises(BenchError, match="0 voices sound where 2"):
        callback.measure(Session(), callback.Plan((2,), (64,), 1))


def test_every_way_to_run_a_model_is_measured():
    session = Session()
    results = inference.measure(session, inference.Plan(rounds=2, runs=2))
    ways = {"bare C call, 1 thread", "native path, 1 thread"}
    ways |= {"InferenceSession.run, 1 thread", "InferenceSession.run, 2 threads"}
    names = {result.what for result in results}
    if find_spec("tensorflow"):
        ways |= {"TensorFlow, 1 thread", "TensorFlow, 2 threads"}
    assert {f"drums, cpu, {way}" for way in ways} <= names
    assert all(r.unit == "ms" and r.samples == 4 for r in results)
    assert all(r.figures["min"] > 0 for r in results)


def test_a_model_that_no_configuration_trains_has_no_tensorflow():
    card = replace(read_card(find_model("drums")), name="from elsewhere")
    with pytest.raises(BenchError, match="no configuration .* 'from elsewhere'"):
        TensorFlow(card, 1)


def test_the_configuration_of_a_shipped_model_is_found():
    assert training_config("drums").name == "wavegan_drums.toml"


def test_models_that_cannot_be_played_are_noted(tmp_path, monkeypatch):
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    monkeypatch.setenv("RTAUDIO_DL_PATH", str(tmp_path))
    assert len(list_models()) > 1
    monkeypatch.setattr(inference, "TensorFlow", _not_here)
    session = Session()
    inference.measure(session, inference.Plan(rounds=1, runs=1))
    assert any("broken.onnx is left out" in note for note in session.notes)
    assert any("TensorFlow is left out" in note for note in session.notes)


def _not_here(_card, _threads):
    raise BenchError("it is not installed")
