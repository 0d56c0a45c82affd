import hashlib
import json
import os
import pickle

import numpy as np
import onnx
import pytest
from onnx import helper

from rtaudio_dl.errors import EngineError, ModelError
from rtaudio_dl.models import model as model_module
from rtaudio_dl.models.model import open_model, read_card
from tests.models.models import (
    oneshot_card,
    save,
    tensor,
    write_classifier,
    write_external,
    write_nan,
    write_oneshot,
)


@pytest.fixture
def path(tmp_path):
    return write_oneshot(tmp_path / "drums.onnx", classes=3)


def play(model, label: int = 0, seed: int = 0) -> np.ndarray:
    """One sound, as a host makes it."""
    card = model.card
    random = np.random.default_rng(seed)
    latent = random.standard_normal((1, card.input("latent").size())).astype("f")
    inputs = {card.input("latent").name: latent}
    if card.input("class"):
        one_hot = np.zeros((1, len(card.labels)), "f")
        one_hot[0, label] = 1
        inputs[card.input("class").name] = one_hot
    audio = card.output("audio")
    shape = [d if isinstance(d, int) else 1 for d in audio.shape]
    out = np.full(shape, np.nan, "f")
    model.session.bind(inputs, {audio.name: out}).run()
    return out.reshape(-1)


def test_model_that_describes_itself_opens(path):
    with open_model(path) as model:
        assert model.card == oneshot_card(classes=3)
        assert model.card_note == "card from the file"
        assert model.path == path


def test_digest_is_that_of_the_file(path):
    with open_model(path) as model:
        assert model.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_provider_is_said(path):
    with open_model(path, "cpu") as model:
        assert model.provider_note == "cpu: as asked"
        assert model.session.provider == "cpu"


def test_sound_is_audible_decays_and_depends_on_class_and_latent(path):
    with open_model(path, "cpu") as model:
        sounds = [play(model, label, seed) for label, seed in ((0, 0), (1, 0), (0, 1))]
    assert all(0.05 < np.abs(s).max() < 1 for s in sounds)
    assert all(np.std(s[-200:]) < 0.05 * np.std(s[:1000]) for s in sounds)
    assert np.std(sounds[0] - sounds[1]) > 0.01 < np.std(sounds[0] - sounds[2])


@pytest.mark.parametrize("runs", [0, 1, 5])
def test_warm_up_leaves_nothing_bound(path, runs):
    with open_model(path, "cpu") as model:
        model.warm_up(runs)
        assert not model.session._held


def test_closing_twice_is_closing_once(path):
    model = open_model(path, "cpu")
    model.close()
    model.close()
    with pytest.raises(EngineError, match="closed"):
        model.warm_up()


def test_classifier_opens(tmp_path):
    with open_model(write_classifier(tmp_path / "ears.onnx"), "cpu") as model:
        assert model.card.kind == "classifier"


def test_kind_that_the_caller_cannot_use_is_refused(tmp_path):
    path = write_classifier(tmp_path / "ears.onnx")
    with pytest.raises(ModelError, match="kind classifier; allowed: oneshot, note"):
        open_model(path, "cpu", kinds=("oneshot", "note"))


def foreign(path, layout: str, classes: int = 0):
    """A generator by somebody else: other names, no card."""
    names = {"latent": "serving_default_z:0", "class": "y", "audio": "Identity:0"}
    arguments = {"classes": classes, "layout": layout, "names": names}
    write_oneshot(path, **arguments, embed_card=False)
    return oneshot_card(**arguments)


@pytest.mark.parametrize("classes", [0, 2])
@pytest.mark.parametrize("layout", ["BN", "BN1", "B1N"])
def test_foreign_generator_plays_through_a_sidecar(tmp_path, layout, classes):
    path = tmp_path / "foreign.onnx"
    card = foreign(path, layout, classes)
    (tmp_path / "foreign.card.json").write_text(card.to_json())
    ours = write_oneshot(tmp_path / "ours.onnx", classes=classes)
    with open_model(path, "cpu") as theirs, open_model(ours, "cpu") as known:
        assert theirs.card_note == "card from foreign.card.json"
        assert np.array_equal(play(theirs), play(known))


def test_sidecar_may_be_toml(tmp_path):
    path = tmp_path / "foreign.onnx"
    foreign(path, "BN1")
    (tmp_path / "foreign.card.toml").write_text(
        """
        schema = 1
        name = "foreign"
        kind = "oneshot"
        sample_rate = 16000
        inputs = [{name = "serving_default_z:0", role = "latent", shape = ["B", 8]}]
        outputs = [{name = "Identity:0", role = "audio", shape = ["B", 4096, 1]}]
        """
    )
    with open_model(path, "cpu") as model:
        assert np.isfinite(play(model)).all()


def test_sidecar_goes_before_the_card_inside_and_that_is_said(path):
    renamed = oneshot_card(classes=3, name="renamed")
    path.with_suffix(".card.json").write_text(renamed.to_json())
    with open_model(path, "cpu") as model:
        assert model.card.name == "renamed"
        assert model.card_note.endswith("the card inside the file is not used")


def test_two_sidecars_are_refused(path):
    for suffix in (".card.json", ".card.toml"):
        path.with_suffix(suffix).write_text(oneshot_card(classes=3).to_json())
    with pytest.raises(ModelError, match="two cards beside it; remove one"):
        open_model(path, "cpu")


def test_input_with_a_default_may_be_left_out_of_the_card(tmp_path):
    card = oneshot_card(1, 0, 8)
    level = tensor("level", "control", 1)
    path = save(
        tmp_path / "default.onnx",
        [
            helper.make_node("MatMul", ["latent", "row"], ["raw"]),
            helper.make_node("Mul", ["raw", "level"], ["audio"]),
        ],
        [*card.inputs, level],
        list(card.outputs),
        {"row": np.ones((1, 8), "f"), "level": np.ones(1, "f")},
        card,
    )
    with open_model(path, "cpu") as model:
        assert [t.name for t in model.session.inputs] == ["latent"]


def test_card_is_read_without_loading_the_model(path, monkeypatch):
    monkeypatch.setattr(model_module, "open_session", None)
    assert read_card(path) == oneshot_card(classes=3)


def changed(**fields):
    """What is wrong with a card whose fields are changed so."""

    def write(folder):
        path = write_oneshot(folder / "bad.onnx", embed_card=False)
        card = json.loads(oneshot_card().to_json()) | fields
        path.with_suffix(".card.json").write_text(json.dumps(card))
        return path

    return write


def raw(data: bytes):
    def write(folder):
        path = folder / "bad.onnx"
        path.write_bytes(data)
        return path

    return write


def truncated(folder):
    path = write_oneshot(folder / "bad.onnx")
    data = path.read_bytes()
    # The metadata comes last: the card is lost, or the file is found to be damaged.
    path.write_bytes(data[: len(data) // 2])
    return path


def unknown_operator(folder):
    path = write_oneshot(folder / "bad.onnx")
    model = onnx.load(path)
    model.graph.node[0].op_type = "NoSuchOperator"
    onnx.save(model, path)
    return path


def huge_inside(folder):
    card = oneshot_card(1, 0, 8)
    nodes = [
        helper.make_node("ConstantOfShape", ["huge"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["none"], keepdims=0),
        helper.make_node("Add", ["latent", "none"], ["same"]),
        helper.make_node("MatMul", ["same", "row"], ["audio"]),
    ]
    weights = {"huge": np.array([1 << 22] * 2), "row": np.ones((1, 8), "f")}
    tensors = (list(card.inputs), list(card.outputs))
    return save(folder / "bad.onnx", nodes, *tensors, weights, card)


def pickled(folder):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(folder / "unpickled"),)

    path = folder / "bad.onnx"
    path.write_bytes(pickle.dumps(Evil()))
    return path


HUGE = {"name": "audio", "role": "audio", "shape": [1 << 20, 1 << 20]}
LONG = {"name": "audio", "role": "audio", "shape": ["B", 1 << 24]}
BAD = {
    "empty": (raw(b""), "is empty"),
    "noise": (raw(np.random.default_rng(0).bytes(5000)), "not an ONNX file"),
    "text": (raw(b"import os\n" * 100), "not an ONNX file|no card"),
    "pickle": (pickled, "is a Python pickle, not ONNX"),
    "zip": (raw(b"PK\x03\x04" + bytes(100)), "is a ZIP archive"),
    "truncated": (truncated, "damaged"),
    "no card": (raw(b"\x08\x08"), "has no card; describe its tensors in bad.card"),
    "schema": (changed(schema=2), "schema is 2"),
    "rate": (changed(sample_rate=0), "sample_rate is 0; allowed: .* 4000 to"),
    "rate text": (changed(sample_rate="16 kHz"), "sample_rate is '16 kHz'"),
    "kind": (changed(kind="song"), "kind is 'song'; allowed: oneshot"),
    "wrong kind": (changed(kind="classifier"), "kind classifier"),
    "huge card": (changed(outputs=[HUGE]), "allowed: at most"),
    "long card": (changed(outputs=[LONG]), r"16777216\) in the card, but"),
    "operator": (unknown_operator, "refused by ONNX Runtime: .*NoSuchOperator"),
    "huge": (huge_inside, "fails on the probe: .*allocate"),
    "outside": (lambda d: write_external(d / "bad.onnx"), "another file"),
    "nan": (lambda d: write_nan(d / "bad.onnx"), "not finite on the probe"),
    "folder": (lambda d: d, "is not a file"),
    "missing": (lambda d: d / "none.onnx", "is not a file; check the path"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_file_gives_one_clear_error(tmp_path, case):
    write, message = BAD[case]
    path = write(tmp_path)
    with pytest.raises(ModelError, match=message) as caught:
        open_model(path, "cpu")
    assert str(tmp_path) in str(caught.value)
    assert not (tmp_path / "unpickled").exists()


def test_file_that_is_too_large_is_refused(path, monkeypatch):
    monkeypatch.setattr(model_module, "MAX_MODEL_BYTES", 1 << 10)
    with pytest.raises(ModelError, match="at most .* MiB allowed"):
        open_model(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(ModelError, match="is not a file"):
        open_model(tmp_path / "pipe.onnx")
