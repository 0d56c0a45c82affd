"""What each command does with a classifier; see `training.run.registry`."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from training.errors import ConfigError
from training.run import registry as tasks
from training.run.bar import bar
from training.tasks.classify import cross
from training.tasks.classify.config import Config, load


def train(path: Path, options: Namespace) -> None:
    """Train from a TOML file: one run, or one for each fold."""
    config = load(path)
    if options.source:
        config = replace(config, data=replace(config.data, manifest=options.source))
    if options.run:
        config = replace(config, output=replace(config.output, run=options.run))
    config = _limited(config, options)
    if any(part.started() for part in cross.runs(config)):
        raise ConfigError(
            f"{config.output.run} holds a run already; go on with it by `resume`, or "
            "give another folder by --run"
        )
    tasks.remember(Path(config.output.run), "classifier")
    cross.write_config(config)
    _train(config, fresh=True)


def resume(run: Path, options: Namespace) -> None:
    """Go on with a run, or with all folds of one, from its newest checkpoints."""
    _train(_limited(cross.read_config(run), options), fresh=False)


def sample(run: Path, options: Namespace) -> None:
    """Write training windows as they are after augmentation, and their picture."""
    from training.tasks.classify import listen

    count = listen.write(cross.read_config(run), options.out, options.each)
    print(f"{count} augmented windows in {options.out}")


def evaluate(run: Path, options: Namespace) -> None:
    """Measure a classifier on held-out sounds; figures and a page."""
    from training.tasks.classify import evaluate

    out = options.out or run / "evaluation"
    print(evaluate.text(evaluate.evaluate(cross.read_config(run), out, bar)))
    print(f"report: {out / 'report.html'}")


def export(run: Path, options: Namespace) -> None:
    """Write NAME.onnx with its card and golden pair."""
    from training.tasks.classify import export

    facts = export.export(cross.read_config(run), options.out, options.metrics)
    for name, value in facts.items():
        print(f"{name}: {value}")


def _train(config: Config, fresh: bool) -> None:
    from training.tasks.classify import loop

    done = True
    for part in cross.runs(config):
        if not fresh and part.finished():
            continue
        run = loop.start(part, fresh, bar)
        done = run.train()
        if not done:
            break
    if not done:
        print(f"stopped; go on with: python -m training resume {config.output.run}")


def _limited(config: Config, options: Namespace) -> Config:
    if options.steps is not None:
        raise ConfigError("--steps: a classifier counts epochs; give --epochs")
    training = config.training
    if options.epochs is not None:
        training = replace(training, epochs=options.epochs)
    if options.minutes is not None:
        training = replace(training, max_minutes=options.minutes)
    return replace(config, training=training)
