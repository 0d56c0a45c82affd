"""A folder of somebody's own sounds becomes a model, command by command."""

import pytest

from tests.training.tasks.classify import tiny
from training import cli

CONFIG = """
task = "classifier"
[data]
manifest = "{folder}/mysounds.csv"
cache = "{folder}/cache"
sample_rate = 4000
frames = 2000
silence = "nothing"
silence_share = 0.1
valid_share = 0.2
[front]
window = 128
hop = 64
bands = 12
[model]
name = "mysounds"
widths = [8]
blocks = [1]
[training]
epochs = 2
batch = 8
[detector]
background = ["nothing"]
[output]
run = "{folder}/run"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mysounds")
    tiny.write_sounds(folder / "input", sources=8, each=2)
    (folder / "my.toml").write_text(CONFIG.format(folder=folder.as_posix()))
    return folder


def test_the_whole_way(folder, capsys):
    """prepare, train, resume, sample, evaluate, export."""
    run, manifest = str(folder / "run"), str(folder / "mysounds.csv")
    source = str(folder / "input")
    split = ["--split", "group", "--test", "25"]
    assert cli.main(["prepare", "folder", source, "--out", manifest, *split]) == 0
    assert cli.main(["train", str(folder / "my.toml"), "--epochs", "1"]) == 0
    assert cli.main(["train", str(folder / "my.toml")]) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert cli.main(["resume", run, "--epochs", "2"]) == 0
    assert cli.main(["sample", run, "--out", str(folder / "s"), "--each", "1"]) == 0
    assert (folder / "s" / "hiss.wav").is_file()
    capsys.readouterr()
    assert cli.main(["evaluate", run]) == 0
    told = capsys.readouterr().out
    assert "accuracy" in told and "nothing" not in told  # No file is of that class.
    assert (folder / "run" / "evaluation" / "report.html").is_file()
    assert cli.main(["export", run, "--out", str(folder / "models")]) == 0
    assert (folder / "models" / "mysounds.onnx").is_file()
    assert (folder / "models" / "mysounds.golden.npz").is_file()
