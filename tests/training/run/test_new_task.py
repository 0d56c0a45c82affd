"""A new task is one folder and one line: the README's, built of its very text."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.training.tasks.wavegan import tiny
from training import cli
from training.run import checkpoint, events, record, registry

README = Path(__file__).parents[3] / "training" / "README.md"
FILES = re.compile(r"```python\n# training/tasks/mean/(\w+\.py)\n(.*?)```", re.DOTALL)
TOML = """
task = "mean"
[data]
source = "{source}"
cache = "{folder}/cache"
sample_rate = 4000
frames = 512
[training]
batch = 4
steps = 6
deterministic = true
[output]
run = "{folder}/run"
checkpoint_minutes = 100.0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The task on Python's path and in the registry, and a configuration of it."""
    folder = tmp_path_factory.mktemp("task")
    package = folder / "mean_task"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, code in FILES.findall(README.read_text("utf-8")):
        text = code.replace("training.tasks.mean", "mean_task")
        (package / name).write_text(text)
    source = tiny.write_drums(folder / "drums", kits=3, each=2)
    text = TOML.format(source=source.as_posix(), folder=folder.as_posix())
    (folder / "mean.toml").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(folder), *sys.path])
        patch.setitem(registry.TASKS, "mean", "mean_task.task")
        yield folder


def command(*arguments) -> int:
    return cli.main([str(a) for a in arguments])


@pytest.fixture(scope="module")
def trained(folder):
    assert command("train", folder / "mean.toml") == 0
    return folder / "run"


def values(run: Path) -> dict[str, np.ndarray]:
    kind = registry.task("mean").Config
    return checkpoint.load(checkpoint.latest(run), kind).values


def test_it_has_all_files_of_the_readme(folder):
    names = {p.name for p in (folder / "mean_task").glob("*.py")}
    assert names == {"__init__.py", "config.py", "learner.py", "task.py"}


def test_it_trains_and_tells(trained):
    told = events.read(trained)
    assert [e["event"] for e in told] == [
        *("start", "losses", "judged", "checkpoint", "samples", "done")
    ]
    assert told[1]["loss"] > 0 and told[-1]["by"] == "steps"
    assert (trained / "samples-00000006" / "first.wav").is_file()
    assert registry.of_run(trained) == "mean"


def test_checkpoints_name_their_values(trained):
    names = set(values(trained))
    assert {"mean/dense/kernel", "average/mean/dense.1/bias", "steps"} <= names
    assert "optimizer/adam/momentum/mean/dense/kernel" in names


def test_the_run_remembers_how_it_was_made(trained, folder):
    (session,) = record.read(trained)
    assert session["command"][:4] == ["python", "-m", "training", "train"]
    assert session["seed"] == 1 and session["overrides"] == []
    assert len(session["data"]) == 64
    assert {"python", "tensorflow", "keras", "numpy"} <= set(session["versions"])
    assert session["config"]["training"]["steps"] == 6


def test_resume_is_the_unbroken_run(trained, folder):
    run = folder / "half"
    changes = ("--run", run, "training.steps=3", "training.seed=1")
    assert command("train", folder / "mean.toml", *changes) == 0
    assert checkpoint.latest(run).name == "step-00000003.npz"
    assert command("resume", run, "--steps", 6) == 0
    whole, resumed = values(trained), values(run)
    assert list(whole) == list(resumed)
    assert all(np.array_equal(whole[n], resumed[n]) for n in whole)
    first, second = record.read(run)
    assert first["overrides"][-1] == "training.seed=1"
    assert (second["step"], second["config"]["training"]["steps"]) == (3, 6)


def test_a_finished_run_says_how_to_go_on(trained, capsys):
    assert command("resume", trained) == 0
    assert "is finished; for more give --steps" in capsys.readouterr().out


def test_a_run_is_not_trained_over(trained, folder, capsys):
    assert command("train", folder / "mean.toml") == 2
    assert "holds a run already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "pair, message",
    [
        ("training.stepps=3", "did you mean training.steps"),
        ("training.steps=0", "training.steps is 0; allowed: 1 to"),
        ("training.init=none.onnx", "no such file"),
    ],
)
def test_mistakes_are_one_line(folder, capsys, pair, message):
    run = folder / "wrong"
    assert command("train", folder / "mean.toml", "--run", run, pair) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


@pytest.fixture(scope="module")
def exported(trained, folder):
    out = folder / "models"
    assert command("export", trained, "--out", out, "model.name=other") == 0
    return out / "other.onnx"


def sounds(path: Path, latent: np.ndarray) -> np.ndarray:
    opened = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return opened.run(None, {"latent": latent})[0]


def test_it_exports(exported, trained):
    latent = np.random.default_rng(1).standard_normal((3, 4)).astype(np.float32)
    kernel = {n: v for n, v in values(trained).items() if n.startswith("average/")}
    hidden = latent @ kernel["average/mean/dense/kernel"]
    hidden = np.maximum(hidden + kernel["average/mean/dense/bias"], 0.0)
    wanted = hidden @ kernel["average/mean/dense.1/kernel"]
    wanted += kernel["average/mean/dense.1/bias"]
    assert np.abs(sounds(exported, latent) - wanted).max() < 1e-5
    assert exported.with_suffix(".golden.npz").is_file()


@pytest.mark.parametrize("source", ["onnx", "folder", "checkpoint"])
def test_another_run_may_begin_with_it(exported, trained, folder, source):
    places = {"onnx": exported, "folder": trained}
    init = places.get(source) or checkpoint.latest(trained)
    run = folder / f"tuned-{source}"
    changes = (f"training.init={init}", "training.learning_rate=0", "--steps", 1)
    assert command("train", folder / "mean.toml", "--run", run, *changes) == 0
    before, after = values(trained), values(run)
    for name in ("dense/kernel", "dense/bias", "dense.1/kernel", "dense.1/bias"):
        wanted = before[f"average/mean/{name}"]
        assert np.array_equal(after[f"mean/{name}"], wanted)
        assert np.allclose(after[f"average/mean/{name}"], wanted, atol=1e-7)
    begun = next(e for e in events.read(run) if e["event"] == "init")
    assert len(begun["taken"]) == 4 and begun["left"] == []
    assert json.loads((run / "config.json").read_text())["training"]["init"]


def test_another_network_cannot_begin_with_it(trained, folder, capsys):
    changes = (f"training.init={trained}", "model.latent=5", "--run", folder / "x")
    assert command("train", folder / "mean.toml", *changes) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "mean/dense/kernel has (4, 16), (5, 16) is wanted" in error
    assert "training.init needs the same model" in error


def test_an_error_is_told_to_those_who_follow(folder, monkeypatch):
    from training.run import loop

    def fail(*_):
        raise RuntimeError("no more memory")

    monkeypatch.setattr(loop.Run, "_one_step", fail)
    run = folder / "failed"
    with pytest.raises(RuntimeError):
        command("train", folder / "mean.toml", "--run", run)
    assert events.read(run)[-1]["error"] == "RuntimeError: no more memory"
