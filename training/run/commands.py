"""What each command does with a configuration or a run, whichever task it is of."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.errors import ConfigError
from training.run import opened, overrides, registry
from training.run.config import KEY, mapping
from training.run.opened import open_run
from training.run.part import Part
from training.run.task import Task


def train(options: Namespace) -> None:
    """Train from a TOML file: one run, or one for each fold.

    ``options`` may name another source, folder or length, and any KEY=VALUE.
    """
    path = options.path
    task = registry.task(registry.of_config(path))
    pairs = _pairs(task, options)
    table = overrides.applied(task.Config, mapping(path), pairs)
    table.pop(KEY, None)
    config = task.Config.from_mapping(table, str(path))
    parts = [Part(part) for part in task.parts(config)]
    if any(part.started() for part in parts):
        raise ConfigError(
            f"{config.output.run} holds a run already; go on with it by `resume`, or "
            "give another folder by --run"
        )
    registry.remember(Path(config.output.run), task.Config.TASK)
    opened.keep(config)
    _train(task, parts, Path(config.output.run), _session(options, pairs))


def resume(options: Namespace) -> None:
    """Go on with a run, or with all folds of one, from its newest checkpoints."""
    path = options.path
    task = registry.task(registry.of_run(path))
    pairs = _pairs(task, options)
    run = open_run(task, path, pairs)
    opened.keep(run.config)
    # Whoever names a checkpoint wants to go on from there, however far the run is.
    parts = [p for p in run.parts() if path.is_file() or not p.finished()]
    if not parts:
        print(f"{path} is finished; for more give --steps, --epochs or --minutes")
    _train(task, parts, path, _session(options, pairs))


def sample(options: Namespace) -> None:
    """Write sounds to listen to, and their picture."""
    run = _opened(options)
    print(run.task.sample(run, options.out, options.each))


def evaluate(options: Namespace) -> None:
    """Measure a run on held-out sounds; figures and a page."""
    run = _opened(options)
    out = options.out or run.folder / "evaluation"
    print(run.task.evaluate(run, out, options.seeds))
    if (out / "report.html").is_file():
        print(f"report: {out / 'report.html'}")


def export(options: Namespace) -> None:
    """Write the models of a run with their cards and golden pairs."""
    from training.run.export import finish

    run = _opened(options)
    for exported in run.task.export(run, options.metrics):
        for name, value in finish(exported, options.out).items():
            print(f"{name}: {value}")


def _opened(options: Namespace) -> opened.Opened:
    task = registry.task(registry.of_run(options.path))
    return open_run(task, options.path, options.pairs)


def _pairs(task: Task, options: Namespace) -> list[str]:
    given = overrides.of_options(task.Config, vars(options))
    return [*given, *options.pairs]


def _session(options: Namespace, pairs: list[str]) -> dict[str, list[str]]:
    """What a run's folder remembers of the command that it was trained by."""
    command = ["python", "-m", "training", *options.arguments]
    return {"command": command, "overrides": pairs}


def _train(task: Task, parts: list[Part], folder: Path, session: dict) -> None:
    from training.run.loop import start

    file = folder if folder.is_file() else None
    for part in parts:
        registry.remember(part.folder, task.Config.TASK)
        opened.keep(part.config)
        run = start(task, part, False, file, session)
        if not run.train():
            print(f"stopped; go on with: python -m training resume {folder}")
            break
