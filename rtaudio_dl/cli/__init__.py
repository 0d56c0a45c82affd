"""The command line: ``rtaudio-dl``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rtaudio_dl import __version__
from rtaudio_dl.cli import (
    bench,
    demo,
    doctor,
    encode,
    listen,
    lists,
    morph,
    play,
    play_file,
    render,
    show,
)
from rtaudio_dl.errors import RtaudioError

MODULES = (
    demo,
    play,
    play_file,
    render,
    morph,
    encode,
    listen,
    show,
    lists,
    doctor,
    bench,
)
INTERRUPTED = 130  # as shells have it: 128 + SIGINT


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(
        prog="rtaudio-dl",
        description="Play neural instruments: live from MIDI, or rendered to a file.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in MODULES:
        module.add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 1 for an error, 2 for bad usage."""
    options = build_parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except RtaudioError as error:
        print(f"rtaudio-dl: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
