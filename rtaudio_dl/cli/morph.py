"""``morph``: the way between two timbres, as sound files and one picture."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from rtaudio_dl.cli.console import console, facts, preparing
from rtaudio_dl.cli.encode import MODEL

SHEET = "morph.png"
WHOLE = "morph.wav"


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = "render the way from one timbre to another: sound files and a picture"
    parser = commands.add_parser("morph", help=text, description=text)
    parser.add_argument("first", metavar="A", help="a timbre, such as Flute")
    parser.add_argument("second", metavar="B")
    parser.add_argument("--steps", type=int, default=8, metavar="N")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--model", default=MODEL, metavar="NAME")
    parser.add_argument("--key", type=int, default=60, metavar="NOTE")
    parser.add_argument("--velocity", type=float, default=0.8, metavar="0..1")
    parser.add_argument("--seconds", type=float, default=2.0, help="held")
    parser.add_argument("--rate", type=int, default=48_000, metavar="HZ")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Render every step, alone and one after the other, and draw them."""
    from rtaudio_dl.files.write import write_audio
    from rtaudio_dl.views.pictures import draw_render

    with preparing():
        from rtaudio_dl.host.morph import render_way
    steps = render_way(
        options.first,
        options.second,
        options.steps,
        options.model,
        options.key,
        options.velocity,
        options.seconds,
        options.rate,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    notes, start = [], 0.0
    for number, step in enumerate(steps):
        name = f"{round(100 * step.place):3d} % {options.second}"
        write_audio(options.out / f"{number:02d}.wav", step.audio, options.rate)
        notes.append((start, options.key, options.velocity, name))
        start += len(step.audio) / options.rate
    whole = np.concatenate([step.audio for step in steps])
    write_audio(options.out / WHOLE, whole, options.rate)
    title = f"{options.first} to {options.second}"
    draw_render(options.out / SHEET, whole, options.rate, notes, title)
    rows = [
        ("steps", f"{len(steps)}: 00.wav to {len(steps) - 1:02d}.wav"),
        ("all of them", str(options.out / WHOLE)),
        ("picture", str(options.out / SHEET)),
        ("peak", f"{20 * np.log10(max(np.abs(whole).max(), 1e-9)):.1f} dBFS"),
    ]
    console.print(facts(title, rows))
    return 0
