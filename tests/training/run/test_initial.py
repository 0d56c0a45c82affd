"""Runs of every task begin with the shipped models, and say what they took."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.training.running import start
from tests.training.tasks.classify import tiny as tiny_classify
from tests.training.tasks.wavegan import tiny as tiny_drums
from training.errors import ConfigError
from training.run import initial
from training.tasks.classify.config import Config as ClassifierConfig
from training.tasks.classify.task import TASK as CLASSIFY
from training.tasks.notes.config import Config as NotesConfig
from training.tasks.notes.task import TASK as NOTES
from training.tasks.wavegan.config import Config as GeneratorConfig
from training.tasks.wavegan.task import TASK as WAVEGAN

ROOT = Path(__file__).parents[3]
LIMIT = 1e-5


def shipped(name: str) -> tuple[str, dict[str, np.ndarray]]:
    path = ROOT / "models" / f"{name}.onnx"
    with np.load(path.with_suffix(".golden.npz"), allow_pickle=False) as pair:
        return str(path), {n: pair[n] for n in pair.files}


def tuned(kind, name: str, init: str, **data):
    """The configuration that a shipped model was trained by, for other sounds."""
    config = kind.load(ROOT / "configs" / f"{name}.toml")
    training = replace(config.training, init=init, batch=4)
    return replace(config, data=replace(config.data, **data), training=training)


def test_a_generator_of_the_same_classes_plays_the_same(tmp_path, monkeypatch):
    """Critics and encoder begin anew, so the prior that is known is kept."""
    init, pair = shipped("drums")
    config = tuned(GeneratorConfig, "wavegan_drums", init)
    source = tmp_path / "drums"
    for label in config.data.classes:
        monkeypatch.setattr(tiny_drums, "LABELS", ("kick",))
        tiny_drums.write_drums(tmp_path / label, kits=3, each=1)
        (source / label).parent.mkdir(exist_ok=True)
        (tmp_path / label / "kick").rename(source / label)
    data = {"source": str(source), "cache": str(tmp_path), "licences": ()}
    run = start(WAVEGAN, replace(config, data=replace(config.data, **data)))
    gan = run.learner
    gan.before(0)
    inputs = tf.constant(pair["in_latent"]), tf.constant(pair["in_class"])
    for generator in (gan.generator, gan.average):
        assert np.abs(generator(*inputs) - pair["out_audio"]).max() < LIMIT
    networks = {name.split("/")[0] for name in run.begun.left}
    assert networks == {"encoder", *(critic.name for critic in gan.critics)}
    assert len(run.begun.taken) == 21


def test_a_generator_of_other_classes_keeps_the_rest(drums, tmp_path):
    init, _ = shipped("drums")
    data = {
        "source": str(drums / "drums"),
        "cache": str(tmp_path),
        "classes": tiny_drums.LABELS,
        "licences": (),
    }
    run = start(WAVEGAN, tuned(GeneratorConfig, "wavegan_drums", init, **data))
    generator = {n for n in run.begun.left if n.startswith("generator/")}
    assert generator == {
        *("generator/class_embedding/kernel", "generator/prior/mean"),
        "generator/prior/factor",
    }
    (first, second) = run.begun.lines()
    assert "18 weights taken" in first and "begin anew: " in second


def test_a_classifier_of_other_labels_keeps_all_but_its_last_layer(tmp_path):
    init, pair = shipped("commands")
    tiny_classify.write_manifest(tmp_path)
    data = {"manifest": str(tmp_path / "sounds.csv"), "cache": str(tmp_path)}
    config = tuned(ClassifierConfig, "commands", init, **data)
    plain = replace(config, augment=replace(config.augment, noise_label=""))
    silent = {"silence": "", "silence_share": 0.0, "aliases": {}, "licences": ()}
    plain = replace(
        plain,
        data=replace(plain.data, **silent),
        detector=replace(plain.detector, background=()),
    )
    run = start(CLASSIFY, plain)
    assert run.begun.left == ["classifier/dense/kernel", "classifier/dense/bias"]
    # The front and the body are the shipped ones: the pooled features agree.
    from training.run import names, onnx_weights
    from training.tasks.classify import nets

    whole = nets.network(config, 12)
    for name, value in onnx_weights.read(Path(init), whole).items():
        names.of_model(whole)[name].assign(value)
    features = run.learner.front(tf.constant(pair["in_audio"]))[..., None]
    for net in (run.learner.network, run.learner.average):
        bodies = [_body(n)(features, training=False).numpy() for n in (whole, net)]
        assert np.abs(bodies[0] - bodies[1]).max() < 1e-3


def _body(net):
    import keras

    return keras.Model(net.input, net.layers[-1].input)


def test_notes_take_both_files(notes_folder, tmp_path):
    init, _ = shipped("notes")
    data = {"source": str(notes_folder), "cache": str(tmp_path)}
    run = start(NOTES, tuned(NotesConfig, "notes", init, **data))
    assert run.begun.left == [] and len(run.begun.taken) == 27
    _, pair = shipped("notes.encoder")
    from training.tasks.notes.export import encode_audio

    inputs = [tf.constant(pair[f"in_{n}"]) for n in ("audio", "pitch", "velocity")]
    found = encode_audio(run.learner.averages["encoder"], *inputs)
    assert np.abs(found - pair["out_timbre"]).max() < LIMIT


def test_another_task_does_not_fit(notes_folder, tmp_path):
    init, _ = shipped("drums")
    data = {"source": str(notes_folder), "cache": str(tmp_path)}
    with pytest.raises(ConfigError, match="its network is another"):
        start(NOTES, tuned(NotesConfig, "notes", init, **data))


def test_a_missing_file_is_named(drums, tmp_path):
    config = tiny_drums.config(
        tmp_path, source=drums / "drums", training={"init": "models/nothing.onnx"}
    )
    with pytest.raises(ConfigError, match="models/nothing.onnx; no such file"):
        start(WAVEGAN, config)


def test_lines_name_a_few():
    begun = initial.Begun("a.onnx", ["a/x"], [f"b/{i}" for i in range(9)])
    assert begun.lines() == [
        "a.onnx: 1 weights taken",
        "9 begin anew: b/0, b/1, b/2, b/3 and 5 more",
    ]
