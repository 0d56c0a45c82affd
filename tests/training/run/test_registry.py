"""Every command goes to the task of its configuration or run."""

from pathlib import Path

import pytest

from training import cli
from training.errors import ConfigError
from training.run import registry as tasks
from training.run.task import Task
from training.tasks.classify.config import Config


def toml(tmp_path, text):
    path = tmp_path / "a.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text, task",
    [
        ("", "generator"),
        ('task = "generator"', "generator"),
        ('task = "classifier"\n[data]\n', "classifier"),
    ],
)
def test_a_configuration_names_its_task(tmp_path, text, task):
    assert tasks.of_config(toml(tmp_path, text)) == task


def test_an_unknown_task_is_explained(tmp_path):
    with pytest.raises(ConfigError, match="task is 'dance'; allowed: generator, "):
        tasks.of_config(toml(tmp_path, 'task = "dance"'))


def test_a_run_remembers_its_task(tmp_path):
    tasks.remember(tmp_path / "run", "classifier")
    assert tasks.of_run(tmp_path / "run") == "classifier"
    assert tasks.of_run(tmp_path / "run" / "step-00000001.npz") == "classifier"


def test_a_run_without_a_task_is_a_generators(tmp_path):
    assert tasks.of_run(tmp_path) == "generator"


class Fake(Task):
    """Notes down the run that each command brings."""

    Config = Config

    def __init__(self):
        self.called = []

    def parts(self, config):
        self.called.append(Path(config.output.run))
        return []

    def sample(self, run, out, each):
        self.called.append(run.path)
        return ""

    def evaluate(self, run, out, seeds):
        self.called.append(run.path)
        return ""

    def export(self, run, metrics):
        self.called.append(run.path)
        return []


@pytest.mark.parametrize("command", ["resume", "sample", "evaluate", "export"])
def test_commands_go_to_the_runs_task(tmp_path, monkeypatch, command):
    fake, asked = Fake(), []
    monkeypatch.setattr(tasks, "task", lambda name: asked.append(name) or fake)
    tasks.remember(tmp_path, "classifier")
    (tmp_path / "config.json").write_text(Config().to_json())
    assert cli.main([command, str(tmp_path)]) == 0
    assert fake.called == [tmp_path] and asked == ["classifier"]
