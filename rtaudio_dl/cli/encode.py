"""``encode``: a recorded note as a new timbre of an instrument."""

from __future__ import annotations

import argparse
from pathlib import Path

from rtaudio_dl.cli.console import console, facts

MODEL = "notes"
SHOWN = 5  # nearest timbres


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = (
        "place a recorded note on an instrument's map of timbres, as a new timbre that "
        "patches can name; best is one note of four seconds, held for three"
    )
    parser = commands.add_parser(
        "encode", help="a recorded note becomes a timbre", description=text
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--name", help="of the timbre; default: the file's")
    parser.add_argument("--model", default=MODEL, metavar="NAME")
    parser.add_argument("--key", type=float, metavar="NOTE", help="if not as heard")
    parser.add_argument("--velocity", type=float, default=0.8, metavar="0..1")
    parser.add_argument("--map", type=Path, metavar="PNG", help="default: NAME.png")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Encode, keep, draw, and say what it is near to."""
    from rtaudio_dl.kinds.encoder.encode import encode_note, timbre_path, write_timbre
    from rtaudio_dl.models.library import find_model
    from rtaudio_dl.models.model import read_card
    from rtaudio_dl.models.timbre import card_timbres
    from rtaudio_dl.views.pictures import draw_timbres

    name = options.name or options.file.stem
    path = timbre_path(name)
    picture = options.map or Path(f"{name}.png")
    encoding = encode_note(
        options.file, name, options.model, options.key, options.velocity
    )
    write_timbre(encoding, path)
    timbres = card_timbres(read_card(find_model(options.model)))
    title = f"{name} among the timbres of {encoding.model}"
    draw_timbres(picture, timbres, {name: encoding.timbre}, title)
    near = ", ".join(f"{n} ({d:.2f})" for n, d in encoding.nearest[:SHOWN])
    heard = f"key {encoding.pitch.key:.2f}, {encoding.pitch.hz:.1f} Hz"
    rows = [
        ("pitch", heard if options.key is None else f"key {options.key:g}, as given"),
        ("nearest", f"{near}; 1 is an average distance"),
        ("kept in", str(path)),
        ("map", str(picture)),
        ("in a patch", f'morph.corners = ["{name}"]'),
    ]
    console.print(facts(name, rows))
    return 0
