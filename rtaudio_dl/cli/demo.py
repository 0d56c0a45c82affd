"""``demo``: the shipped groove through the shipped kit, to hear, to see and to read."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from rich.progress import Progress

from rtaudio_dl.cli.console import console, facts, preparing
from rtaudio_dl.cli.render import DEFAULT_PATCH, Rendering, render_file
from rtaudio_dl.errors import DeviceError

SONG = "groove"


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = "render the demo groove to demo.wav and demo.png, and play it"
    parser = commands.add_parser("demo", help=text, description=text)
    parser.add_argument(
        "--out", type=Path, default=Path("."), metavar="FOLDER", help="default: here"
    )
    parser.add_argument("--silent", action="store_true", help="write, do not play")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Render, draw, tell, play."""
    from rtaudio_dl.files.write import check_target, write_audio
    from rtaudio_dl.midi.songs import song_path
    from rtaudio_dl.views.pictures import draw_render

    sound, picture = options.out / "demo.wav", options.out / "demo.png"
    check_target(sound)
    prepare_all()
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("rendering", total=None)
        rendering = render_file(
            song_path(SONG),
            DEFAULT_PATCH,
            seed=None,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    write_audio(sound, rendering.audio, rendering.sample_rate)
    draw_render(
        picture,
        rendering.audio,
        rendering.sample_rate,
        rendering.notes,
        f"{SONG}.mid, played by the neural kit “{rendering.model}”",
    )
    console.print(facts(f"{sound} and {picture}", rendering.rows()))
    if not options.silent:
        _play(rendering)
    return 0


def prepare_all() -> None:
    """Compile what the demo needs, and let the rest be compiled meanwhile.

    So a first `play` or `listen` after it does not wait.
    """
    from rtaudio_dl.core.objects import compile_in_background, prepare
    from rtaudio_dl.kinds import ENGINE, all_entries
    from rtaudio_dl.kinds.sound.kind import ENTRIES

    with preparing():
        prepare((*ENGINE, *ENTRIES, "rtaudio_dl.dsp.biquad"))
    compile_in_background(all_entries())


def _play(rendering: Rendering) -> None:
    """Play the same groove live, if there is a device to play it."""
    from rtaudio_dl.io.audio.devices import find_output

    try:
        device = find_output()
    except DeviceError as error:
        console.print(f"not played: {error}", style="dim")
        return
    from rtaudio_dl.host.live import LiveHost
    from rtaudio_dl.midi.file import read_song
    from rtaudio_dl.midi.render import schedule_song
    from rtaudio_dl.midi.songs import song_path

    console.print(f"playing on {device.label}; Ctrl-C ends it")
    song = read_song(song_path(SONG))
    try:
        with LiveHost(device.label) as host:
            host.load(DEFAULT_PATCH)
            schedule_song(host, song, start=0.2)
            time.sleep(rendering.seconds + 0.2)
    except DeviceError as error:
        console.print(f"not played: {error}", style="dim")
