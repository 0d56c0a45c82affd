"""What each command does with a generator; see `training.run.registry`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from training.data import prepare
from training.run import checkpoint
from training.run import config as reading
from training.run import registry as tasks
from training.run.bar import bar
from training.tasks.wavegan import loop
from training.tasks.wavegan.config import Config


def train(path: Path, options: Namespace) -> None:
    """Train from a TOML file; ``options`` may name another source, folder, length."""
    config = reading.load(path)
    if options.source:
        config = replace(config, data=replace(config.data, source=options.source))
    if options.run:
        config = replace(config, output=replace(config.output, run=options.run))
    _run(loop.start(_limited(config, options)))


def resume(run: Path, options: Namespace) -> None:
    """Go on with a run from its newest checkpoint."""
    path = checkpoint.latest(run)
    config = _limited(checkpoint.load(path).config, options)
    _run(loop.start(config, path))


def sample(run: Path, options: Namespace) -> None:
    """Write sounds of every class, and their picture."""
    from training.run import sheet
    from training.tasks.wavegan.trained import load, samples

    trained = load(run)
    audio, names = samples(trained, options.each)
    rate = trained.config.data.sample_rate
    sheet.write_sounds(options.out, audio, names, rate)
    sheet.write_sheet(options.out / "sheet.png", audio, names, rate, options.each)
    print(f"{len(audio)} sounds in {options.out}")


def evaluate(run: Path, options: Namespace) -> None:
    """Measure a generator against held-out sounds."""
    from training.tasks.wavegan import evaluate
    from training.tasks.wavegan.trained import load

    trained = load(run)
    out = options.out or Path(trained.config.output.run) / "evaluation"
    sounds = prepare.load(trained.config.data, bar)
    result = evaluate.evaluate(trained, sounds, out, options.seeds, bar)
    print(evaluate.table(result))
    print(f"report: {out / 'report.html'}")


def export(run: Path, options: Namespace) -> None:
    """Write NAME.onnx with its card and golden pair."""
    from training.run import export
    from training.tasks.wavegan.trained import load

    facts = export.export(load(run), options.out, options.metrics)
    for name, value in facts.items():
        print(f"{name}: {value}")


def _run(run: loop.Run) -> None:
    tasks.remember(run.folder, "generator")
    if not run.train():
        print(f"stopped; go on with: python -m training resume {run.folder}")


def _limited(config: Config, options: Namespace) -> Config:
    training = config.training
    if options.steps is not None:
        training = replace(training, steps=options.steps)
    if options.minutes is not None:
        training = replace(training, max_minutes=options.minutes)
    return replace(config, training=training)


def one_sound(path: Path) -> Callable[[], None]:
    """A function that makes one sound with the untrained network of a TOML file."""
    import tensorflow as tf

    from training.tasks.wavegan.generator import Generator

    config = reading.load(path)
    classes = max(1, len(config.data.classes)) if config.model.conditional else 1
    generator = tf.function(Generator(config))
    inputs = tf.zeros([1, config.model.latent]), tf.ones([1, classes]) / classes
    return lambda: generator(*inputs).numpy()
