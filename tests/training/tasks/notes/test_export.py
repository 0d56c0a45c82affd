"""The exported files: equal to the networks, hop after hop, and their cards."""

import numpy as np
import onnxruntime
import pytest

from rtaudio_dl.models.model import open_model
from tests.training.running import opened
from training.run.export import finish
from training.tasks.notes import export, synth
from training.tasks.notes.features import encoder_view
from training.tasks.notes.form import FRAMES
from training.tasks.notes.sample import Trained, plane
from training.tasks.notes.task import TASK

LIMIT = 1e-3


@pytest.fixture(scope="module")
def trained(trained_run):
    return Trained.of(opened(TASK, trained_run).trained())


@pytest.fixture(scope="module")
def folder(trained, trained_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for model in export.exported(trained, trained_run.data):
        finish(model, folder)
    return folder


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_many_streamed_hops_are_the_whole_note(trained, folder):
    """Hops with states handed over by ONNX Runtime, against the network's own note."""
    hop, voices, hops = trained.config.model.hop, 3, 100
    pitch = np.array([40.0, 60.5, 90.0], np.float32)
    velocity = np.array([0.2, 0.6, 1.0], np.float32)
    z = np.random.default_rng(0).standard_normal((voices, 3)).astype(np.float32)
    whole = trained.render(pitch, velocity, z, 0.2, hops * hop / 16_000)
    random = np.random.default_rng(0)
    size = hops, voices, synth.noise_size(hop)
    noise = random.standard_normal(size, np.float32)
    opened = session(folder / "tiny.onnx")
    state = {k: v.numpy() for k, v in synth.zero_state(hop, voices).items()}
    names, heard = [o.name for o in opened.get_outputs()], []
    for n in range(hops):
        gate = np.full((voices, 1), float(n < 50), np.float32)
        inputs = {"pitch": pitch[:, None], "velocity": velocity[:, None], "gate": gate}
        inputs |= {"timbre": z, "noise": noise[n]} | state
        given = dict(zip(names, opened.run(None, inputs), strict=True))
        heard.append(given["audio"])
        state = {k: given[f"{k}_after"] for k in state}
    assert np.abs(np.concatenate(heard, axis=1) - whole).max() < LIMIT


def test_the_encoder_file_is_the_encoder(trained, folder):
    random = np.random.default_rng(3)
    audio = (0.1 * random.standard_normal((2, FRAMES))).astype(np.float32)
    pitch, velocity = np.array([[50.0], [70.0]]), np.array([[0.5], [0.9]])
    inputs = {"audio": audio, "pitch": pitch, "velocity": velocity}
    inputs = {k: v.astype(np.float32) for k, v in inputs.items()}
    (found,) = session(folder / "tiny.encoder.onnx").run(None, inputs)
    wanted = trained.encode(encoder_view(audio), pitch[:, 0], velocity[:, 0])
    assert found == pytest.approx(wanted, abs=1e-4)


def test_the_cards_are_what_the_host_wants(folder):
    with open_model(folder / "tiny.onnx", "cpu") as model:
        card = model.card
    assert card.kind == "stream" and card.license == "CC0-1.0"
    assert set(card.extra["timbres"]) == {"pluck", "bow"}
    entry = card.extra["timbres"]["bow"]
    assert len(entry["z"]) == 3 and entry["family"] == "string"
    assert all(0 <= v <= 1 for v in entry["xy"])
    with open_model(folder / "tiny.encoder.onnx", "cpu") as model:
        assert model.card.kind == "encoder"
        assert model.card.extra["decoder"] == "tiny"


@pytest.mark.parametrize("name", ["tiny", "tiny.encoder"])
def test_a_golden_pair_lies_beside(folder, name):
    with np.load(folder / f"{name}.golden.npz", allow_pickle=False) as golden:
        outputs = [n for n in golden.files if n.startswith("out_")]
        assert outputs and all(np.isfinite(golden[n]).all() for n in outputs)


def test_a_plane_is_spread_over_the_unit_square():
    flat = plane(np.random.default_rng(1).standard_normal((20, 5)))
    assert flat.shape == (20, 2)
    assert flat.min(axis=0) == pytest.approx(0) and flat.max(axis=0) == pytest.approx(1)


def test_a_card_tells_figures_and_no_lists():
    names = ("reconstruction", "morphs", "speed", "minutes_of_training")
    metrics = {name: 1 for name in names}
    metrics |= {"pitch": {"in_tune": 0.9, "errors": [], "keys": []}, "history": []}
    found = export.figures(metrics)
    assert set(found) == {*names, "pitch"} and found["pitch"] == {"in_tune": 0.9}
