"""What each command does with a run of notes; see `training.run.registry`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from training.run import checkpoint
from training.run import registry as tasks
from training.run.bar import bar
from training.tasks.notes import reading
from training.tasks.notes.config import Config
from training.tasks.notes.options import changed

FOLDER = Path("input")
SAMPLED_KEYS = (36, 48, 60, 72, 84, 96)


def prepare_soundfont(font: Path, options: Namespace) -> None:
    """Render a SoundFont's notes in NSynth's format."""
    from training.data import soundfont

    out = options.out or FOLDER / font.stem.lower()
    groups = options.groups or soundfont.FLUIDR3
    found = soundfont.render(font, out, groups, bar)
    counts = [
        f"{split} {sum(e['split'] == split for e in found)}"
        for split in ("train", "valid", "test")
    ]
    presets = len({e["instrument"] for e in found})
    print(f"{len(found)} notes of {presets} presets in {out} ({', '.join(counts)})")
    print("train: set data.source in configs/notes.toml, or --source")


def train(path: Path, options: Namespace) -> None:
    """Train from a TOML file; ``options`` may name another source, folder, length."""
    _run(changed(reading.load(path), options), None)


def resume(run: Path, options: Namespace) -> None:
    """Go on with a run from its newest checkpoint."""
    path = checkpoint.latest(run)
    config = checkpoint.load(path, reading.from_json).config
    _run(changed(config, options), path)


def sample(run: Path, options: Namespace) -> None:
    """Write a rising line of notes by every instrument, and a sheet of middle Cs."""
    import numpy as np

    from training.run import sheet
    from training.tasks.notes.form import RATE
    from training.tasks.notes.trained import load, timbres

    trained = load(run)
    found = timbres(trained, _notes(trained.config))
    names = [name.replace("/", "-") for name in found]
    keys = np.linspace(SAMPLED_KEYS[0], SAMPLED_KEYS[-1], options.each).round()
    z = np.repeat([t["z"] for t in found.values()], len(keys), axis=0)
    pitch = np.tile(keys, len(found))
    audio = trained.render(pitch, np.full(len(pitch), 0.8), z, 0.7, 1.2)
    labels = [name for name in names for _ in keys]
    sheet.write_sounds(options.out, audio, labels, RATE)
    middle = np.arange(len(found)) * len(keys) + len(keys) // 2
    sheet.write_sheet(options.out / "sheet.png", audio[middle], names, RATE, 10)
    print(f"{len(found)} instruments in {options.out}")


def evaluate(run: Path, options: Namespace) -> None:
    """Measure a run on keys and instruments that were held out."""
    from training.tasks.notes import evaluate, page
    from training.tasks.notes.trained import load

    trained = load(run)
    out = options.out or Path(trained.config.output.run) / "evaluation"
    notes = _notes(trained.config)
    result, sets = evaluate.evaluate(trained, notes)
    evaluate.write(result, out / "metrics.json")
    print(evaluate.table(result))
    print(f"report: {page.write(out, result, sets, notes)}")


def export(run: Path, options: Namespace) -> None:
    """Write the instrument and its encoder as ONNX with cards and golden pairs."""
    from training.tasks.notes import export
    from training.tasks.notes.trained import load

    trained = load(run)
    notes = _notes(trained.config)
    facts = export.export(trained, notes, options.out, options.metrics)
    for name, value in facts.items():
        print(f"{name}: {value}")


def one_sound(path: Path) -> Callable[[], object]:
    """A function that makes one hop with the untrained network of a TOML file."""
    import tensorflow as tf

    from training.tasks.notes import network, synth

    model = reading.load(path).model
    _, decoder = network.build(model)
    one = tf.ones([1, 1])
    noise = tf.zeros([1, synth.noise_size(model.hop)])
    inputs = 60.0 * one, one, one, tf.zeros([1, model.timbre]), noise
    state = synth.zero_state(model.hop, 1)
    hop = tf.function(
        lambda *x: synth.step(decoder, model.hop, *x, state)[0], autograph=False
    )
    return lambda: hop(*inputs).numpy()


def _notes(config: Config):
    from training.tasks.notes import features

    return features.load(Path(config.data.source), Path(config.data.cache), bar)


def _run(config: Config, path: Path | None) -> None:
    from training.tasks.notes import loop

    run = loop.start(config, path)
    tasks.remember(run.folder, "notes")
    if not run.train():
        print(f"stopped; go on with: python -m training resume {run.folder}")
