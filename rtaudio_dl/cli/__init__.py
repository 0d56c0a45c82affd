"""The command line: ``rtaudio-dl``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from rtaudio_dl import __version__
from rtaudio_dl.errors import RtaudioError

# Command → module, in the order of the help. Only the one that runs is imported: a
# musician who starts to play does not wait for the pictures.
COMMANDS = {
    "demo": "demo",
    "play": "play",
    "play-file": "play_file",
    "render": "render",
    "morph": "morph",
    "encode": "encode",
    "listen": "listen",
    "show": "show",
    "patches": "lists",
    "models": "lists",
    "devices": "lists",
    "doctor": "doctor",
    "bench": "bench",
}
INTERRUPTED = 130  # as shells have it: 128 + SIGINT


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """All commands and their options, or those of one command alone."""
    parser = argparse.ArgumentParser(
        prog="rtaudio-dl",
        description="Play neural instruments: live from MIDI, or rendered to a file.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    known = COMMANDS.get(command or "")
    for name in (known,) if known else dict.fromkeys(COMMANDS.values()):
        importlib.import_module(f"rtaudio_dl.cli.{name}").add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 1 for an error, 2 for bad usage."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = build_parser(given[0] if given else None).parse_args(given)
    try:
        return options.run(options) or 0
    except RtaudioError as error:
        print(f"rtaudio-dl: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
