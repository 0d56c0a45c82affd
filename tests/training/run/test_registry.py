"""Every command goes to the task of its configuration or run."""

import pytest

from training import cli
from training.errors import ConfigError
from training.run import registry as tasks


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


@pytest.mark.parametrize("command", ["resume", "sample", "evaluate", "export"])
def test_commands_go_to_the_runs_task(tmp_path, monkeypatch, command):
    called = []

    class Module:
        pass

    setattr(Module, command, staticmethod(lambda run, options: called.append(run)))
    monkeypatch.setattr(tasks, "module", lambda task: Module)
    assert cli.main([command, str(tmp_path)]) == 0
    assert called == [tmp_path]
