"""Runs of a classifier learn, resume exactly, and end as they are told to."""

import signal
from dataclasses import replace

import keras
import numpy as np
import pytest
import soundfile

from tests.training.tasks.classify import tiny
from training import cli
from training.errors import ConfigError
from training.run import checkpoint, loop, runtime
from training.tasks.classify import cross, listen
from training.tasks.classify.config import Config
from training.tasks.classify.task import TASK


def start(config, fresh: bool = True) -> loop.Run:
    (part,) = cross.runs(config)
    return loop.start(TASK, part, fresh)


def config(folder, tmp_path, **changes):
    changes["output"] = {"run": str(tmp_path / "run")} | changes.get("output", {})
    return tiny.config(folder, **changes)


def state(run: loop.Run) -> list[np.ndarray]:
    return [np.asarray(v) for v in run.learner.state().values()]


def test_a_run_learns(trained):
    (part,) = cross.runs(trained)
    run = loop.start(TASK, part, fresh=False)
    assert run.learner.score("test")["accuracy"] > 0.9
    assert [p["epoch"] for p in run.history] == [10, 20, 30]
    assert run.history[-1]["loss"] < run.history[0]["loss"]
    assert part.finished()


def test_resume_is_exact(folder, tmp_path):
    """Stopped in the middle and resumed, every variable is what it would have been."""
    output = {"checkpoint_minutes": 0.0, "keep": 2}
    unbroken = start(config(folder, tmp_path / "a", output=output))
    unbroken.train()
    broken = start(config(folder, tmp_path / "b"))
    stop_after(broken, 5)
    assert broken.train() is False and broken.step == 5
    (part,) = cross.runs(broken.config)
    assert part.started() and not part.finished()
    resumed = start(broken.config, fresh=False)
    assert resumed.step == 5
    resumed.train()
    pairs = zip(state(unbroken), state(resumed), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert unbroken.history == resumed.history
    assert part.finished()
    check_checkpoints(unbroken)


def check_checkpoints(run: loop.Run) -> None:
    """The newest two are kept, and hold the configuration."""
    found = sorted(run.folder.glob("*.npz"))
    assert [p.name for p in found] == ["step-00000011.npz", "step-00000012.npz"]
    assert checkpoint.load(found[-1], Config).config == run.config


def stop_after(run: loop.Run, steps: int) -> None:
    one_step = run._one_step

    def step(batch):
        one_step(batch)
        if run.step == steps:
            signal.raise_signal(signal.SIGTERM)

    run._one_step = step


def test_a_longer_run_is_not_finished(trained):
    longer = replace(trained, training=replace(trained.training, epochs=31))
    (part,) = cross.runs(longer)
    assert not part.finished()


def test_time_limit_ends_a_run(folder, tmp_path):
    limited = config(folder, tmp_path, training={"epochs": 10**5, "max_minutes": 1e-3})
    run = start(limited)
    assert run.train() and 0 < run.step < 10_000


def test_resume_refuses_other_sounds(folder, tmp_path):
    run = start(config(folder, tmp_path))
    run.save()
    data = replace(run.config.data, aliases={"buzz": "tone"})
    with pytest.raises(ConfigError, match="made with other sounds or parts"):
        start(replace(run.config, data=data), fresh=False)


def test_batch_must_fit_the_replicas(folder, tmp_path, monkeypatch):
    class Two:
        num_replicas_in_sync = 2

    monkeypatch.setattr(runtime, "prepare_machine", lambda config: Two())
    with pytest.raises(ConfigError, match="batch is 9; allowed: a multiple of the 2"):
        start(config(folder, tmp_path))


def test_mixed_precision_and_plain_gradient_descent_stay_finite(folder, tmp_path):
    training = {"precision": "bfloat16", "optimizer": "sgd", "epochs": 1}
    run = start(config(folder, tmp_path, training=training))
    try:
        run.train()
    finally:
        keras.config.set_dtype_policy("float32")
    assert type(run.learner.optimizers["classifier"]).__name__ == "SGD"
    assert all(np.all(np.isfinite(v)) for v in state(run))


@pytest.mark.parametrize("kind", ["log", "pcen"])
def test_all_that_runs_on_a_gpu_can_be_compiled(folder, tmp_path, kind):
    """There `auto` compiles with XLA, which does not know every operation."""
    training = {"xla": "on", "epochs": 1}
    run = start(config(folder, tmp_path, training=training, front={"kind": kind}))
    run.train()
    assert all(np.all(np.isfinite(v)) for v in state(run))


def test_a_run_may_begin_as_one_of_other_labels(trained, folder, tmp_path):
    begun = config(
        folder,
        tmp_path,
        data={"aliases": {"buzz": "tone"}},
        training={"init": trained.output.run},
    )
    run, (part,) = start(begun), cross.runs(trained)
    first = loop.start(TASK, part, fresh=False).learner.average.weights
    for weights in (run.learner.network.weights, run.learner.average.weights):
        pairs = zip(weights[:-2], first[:-2], strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)
        assert weights[-1].shape == (2,)


def test_a_run_cannot_begin_as_another_network(trained, folder, tmp_path):
    init, model = {"init": trained.output.run}, {"widths": [8, 13]}
    with pytest.raises(ConfigError, match="needs the same front and model"):
        start(config(folder, tmp_path, model=model, training=init))


def test_augmented_windows_can_be_heard(trained, tmp_path):
    assert listen.write(trained, tmp_path, each=2) == 6
    audio, rate = soundfile.read(tmp_path / "hiss.wav")
    assert rate == tiny.RATE and np.abs(audio).max() > 0.01
    assert (tmp_path / "sheet.png").stat().st_size > 1_000


def test_folds_are_runs_of_their_own(folder, tmp_path):
    made = config(folder, tmp_path, data={"protocol": "folds"})
    parts = cross.runs(made)
    assert [p.config.data.fold for p in parts] == [1, 2, 3]
    assert [p.folder.name for p in parts] == ["fold-1", "fold-2", "fold-3"]


def test_one_fold_may_be_trained_alone(folder, tmp_path):
    made = config(folder, tmp_path, data={"protocol": "folds", "fold": 2})
    (part,) = cross.runs(made)
    assert part.config == made
    assert {e.fold for e in start(made).data.entries("test")} == {2}


@pytest.mark.parametrize("command", ["resume", "evaluate", "export"])
def test_a_folder_that_is_no_run_is_explained(tmp_path, command, capsys):
    (tmp_path / "task.txt").write_text("classifier\n")
    assert cli.main([command, str(tmp_path)]) == 2
    assert "give the folder that `train` was given" in capsys.readouterr().err


def test_steps_are_not_epochs(folder, tmp_path, capsys):
    (tmp_path / "a.toml").write_text('task = "classifier"\n')
    assert cli.main(["train", str(tmp_path / "a.toml"), "--steps", "3"]) == 2
    assert "give --epochs" in capsys.readouterr().err
