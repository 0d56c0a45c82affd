"""The commands, one after the other, as a user gives them."""

import subprocess
import sys

import pytest

from tests.training.tasks.wavegan import tiny
from training import cli

CONFIG = """
[data]
source = "{source}"
cache = "{folder}/cache"
sample_rate = 4000
frames = 2048
classes = ["hat", "kick"]
[model]
name = "tiny"
latent = 8
latent_distribution = "normal"
conditional = true
dim = 2
upsample = "subpixel"
shape_output = true
[training]
loss = "nonsaturating"
steps = 2
batch = 4
critics = 1
ema = 0.9
[output]
run = "{folder}/run"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    source = tiny.write_drums(folder / "drums")
    text = CONFIG.format(source=source.as_posix(), folder=folder.as_posix())
    (folder / "tiny.toml").write_text(text)
    return folder


def test_the_whole_way(folder, capsys, monkeypatch):
    """prepare, train, resume, sample, evaluate, export."""
    monkeypatch.setattr("training.tasks.wavegan.evaluate.JUDGE_STEPS", 5)
    run, toml = str(folder / "run"), str(folder / "tiny.toml")
    assert cli.main(["prepare", str(folder / "drums"), "--config", toml]) == 0
    assert "kick" in capsys.readouterr().out
    assert cli.main(["train", toml]) == 0
    assert cli.main(["resume", run, "--steps", "3"]) == 0
    assert (folder / "run" / "step-00000003.npz").is_file()
    assert cli.main(["sample", run, "--out", str(folder / "s"), "--each", "2"]) == 0
    assert (folder / "s" / "kick.wav").is_file()
    assert cli.main(["evaluate", run, "--seeds", "1"]) == 0
    assert "nearest_ratio" in capsys.readouterr().out
    metrics = str(folder / "run" / "evaluation" / "metrics.json")
    out = str(folder / "models")
    assert cli.main(["export", run, "--out", out, "--metrics", metrics]) == 0
    assert (folder / "models" / "tiny.onnx").is_file()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["train", "none.toml"], "no such configuration"),
        (["prepare", "none"], "no such folder"),
        (["export", "none"], "no checkpoint"),
    ],
)
def test_mistakes_end_with_one_line(arguments, message, capsys):
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_help_is_quick_and_names_every_command():
    command = [sys.executable, "-X", "importtime", "-m", "training", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for name in ("prepare", "train", "resume", "sample", "evaluate", "export"):
        assert name in done.stdout
    assert "tensorflow" not in done.stderr
