"""A run: batches, exact resume, what it writes, what it refuses."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from tests.training.running import start as start_run
from tests.training.tasks.notes import tiny
from training.errors import ConfigError, DataError
from training.run import checkpoint, runtime
from training.tasks.notes.batches import Draw
from training.tasks.notes.config import Config
from training.tasks.notes.task import TASK


def start(config, checkpoint=None):
    return start_run(TASK, config, checkpoint)


def state(run):
    return [np.asarray(v) for v in run.learner.state().values()]


@pytest.fixture(scope="module")
def draw(trained_run):
    return Draw(trained_run.learner.table, trained_run.config)


def test_a_batch_is_a_function_of_its_step(draw):
    first, again = (draw.batch(7, 4) for _ in range(2))
    other = draw.batch(8, 4)
    assert all(np.array_equal(first[k], again[k]) for k in first)
    assert not np.array_equal(first["partials"], other["partials"])


def test_only_training_notes_are_trained_on(trained_run, draw):
    names = {trained_run.data.notes[i].name for i in draw.rows}
    assert names == {"pluck", "bow"}
    for row, siblings in draw.siblings.items():
        notes = [trained_run.data.notes[i] for i in siblings]
        assert {n.instrument for n in notes} == {trained_run.data.notes[row].instrument}
        assert {n.split for n in notes} == {"train"}


def test_a_resumed_run_is_the_unbroken_one(trained_run, notes_folder, tmp_path):
    config = tiny.config(tmp_path, notes_folder)
    config = replace(config, data=trained_run.config.data)
    half = start(config)
    # The schedule is of four steps; only the end comes early.
    half.train(2)
    resumed = start(config, checkpoint.latest(tmp_path / "run"))
    assert resumed.step == 2
    resumed.train()
    for a, b in zip(state(resumed), state(trained_run), strict=True):
        assert np.array_equal(a, b)


def test_other_notes_are_refused(trained_run, tmp_path):
    folder = tiny.write_notes(tmp_path / "other")
    path = checkpoint.latest(trained_run.folder)
    with pytest.raises(ConfigError, match="other notes"):
        start(tiny.config(tmp_path, folder), path)


def test_pairs_are_written(trained_run):
    heard = trained_run.learner.listen()
    names, audio = heard.names, heard.audio
    assert len(names) == len(audio) == 2 * len({n.rsplit(" ", 1)[0] for n in names})
    assert np.isfinite(audio).all()
    (folder,) = trained_run.folder.glob("samples-*")
    assert (folder / "sheet.png").is_file()


def test_a_folder_without_training_notes_is_refused(tmp_path, monkeypatch):
    table = {n: v for n, v in tiny.INSTRUMENTS.items() if v[1] == "test"}
    monkeypatch.setattr(tiny, "INSTRUMENTS", table)
    folder = tiny.write_notes(tmp_path / "notes")
    with pytest.raises(DataError, match="train split"):
        start(tiny.config(tmp_path, folder))


def test_a_configuration_survives_its_json(tmp_path, notes_folder):
    config = tiny.config(tmp_path, notes_folder)
    assert Config.from_json(config.to_json(), "json") == config


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"model": {"width": 0}}, "allowed: 8 to 4096"),
        ({"model": {"colour": 1}}, "unknown key model.colour"),
        ({"task": "generator"}, "allowed: notes"),
    ],
)
def test_wrong_values_are_explained(table, words):
    with pytest.raises(ConfigError, match=words):
        Config.from_mapping(table, "x.toml")


def test_compiled_mixed_precision_stays_finite(trained_run, notes_folder, tmp_path):
    changes = {"precision": "bfloat16", "xla": "on", "steps": 2}
    config = tiny.config(tmp_path, notes_folder, training=changes)
    run = start(replace(config, data=trained_run.config.data))
    try:
        assert run.train()
    finally:
        keras.config.set_dtype_policy("float32")
    assert all(np.all(np.isfinite(v)) for v in state(run))
    assert run.learner.networks["decoder"].hidden[0].compute_dtype == "bfloat16"


def test_of_several_processes_one_writes(trained_run, tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "is_chief", lambda strategy: False)
    config = tiny.config(tmp_path, tmp_path, training={"steps": 1})
    run = start(replace(config, data=trained_run.config.data))
    assert run.train() and run.step == 1
    assert not (tmp_path / "run").exists()
