"""``show``: what a sound file looks like, and what a classifier hears in it."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import Progress

from rtaudio_dl.cli.console import console, facts, preparing
from rtaudio_dl.errors import AudioFileError, ModelError, RtaudioError

if TYPE_CHECKING:
    from rtaudio_dl.views.detections import Hearing
    from rtaudio_dl.views.overview import Overview

DEFAULT_MODEL = "commands"
NO_MODEL = "none"
_SUFFIX = ".png"
_MAX_HEARD = 20  # events that are named below the picture


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = (
        "draw waveform, loudness, spectrogram, mel bands and what a classifier hears, "
        "of sound files of any format and length"
    )
    parser = commands.add_parser("show", help="draw sound files", description=text)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PNG",
        help="a file, or a folder for several; default: NAME.png here",
    )
    parser.add_argument(
        "--screen", action="store_true", help="on the terminal instead of a file"
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help=f"a classifier, onset, or {NO_MODEL}; default: {DEFAULT_MODEL}",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw every file; a file that cannot be drawn is told, and the others go on."""
    targets = [] if options.screen else _targets(options.files, options.out)
    failed = 0
    for number, path in enumerate(options.files):
        try:
            _show(path, options.model, targets[number] if targets else None)
        except RtaudioError as error:
            if len(options.files) == 1:
                raise
            failed += 1
            console.print(str(error), style="yellow")
    return 1 if failed else 0


def _targets(files: list[Path], out: Path | None) -> list[Path]:
    folder = Path() if out is None else out
    if folder.is_dir():
        targets = [folder / f"{path.stem}{_SUFFIX}" for path in files]
        return [_own_name(targets, files, n) for n in range(len(files))]
    if len(files) > 1:
        raise AudioFileError(f"{out} is no folder; give one for {len(files)} files")
    if folder.suffix.lower() != _SUFFIX:
        raise AudioFileError(f"{out}: pictures end in {_SUFFIX}")
    if not folder.parent.is_dir():
        raise AudioFileError(f"{out}: no folder {folder.parent}; make it first")
    return [folder]


def _own_name(targets: list[Path], files: list[Path], number: int) -> Path:
    """Files of one name, of other formats or folders, get pictures of their own."""
    target = targets[number]
    if targets.count(target) == 1:
        return target
    same = [n for n, other in enumerate(targets) if other == target]
    return target.with_name(f"{target.stem}-{same.index(number) + 1}{_SUFFIX}")


def _show(path: Path, model: str | None, target: Path | None) -> None:
    from rtaudio_dl.views.overview import survey
    from rtaudio_dl.views.spectrum import COLUMNS

    columns = COLUMNS
    if target is None:
        from rtaudio_dl.cli.screen import LABEL_WIDTH

        columns = max(20, console.width - LABEL_WIDTH - 1)
    with _progress(f"reading {path.name}") as progress:
        overview = survey(path, columns, progress)
    hearing, note = _hear(path, model, columns)
    if target is None:
        _print(overview, hearing)
    else:
        from rtaudio_dl.views.pictures import draw_sound

        draw_sound(target, overview, hearing)
    title = str(target) if target else path.name
    console.print(facts(title, _rows(overview, hearing, note)))


@contextmanager
def _progress(words: str) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal; what it gives takes the part that is done."""
    quiet = not console.is_terminal
    with Progress(console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task(words, total=1.0)
        yield lambda part: bar.update(task, completed=part)


def _hear(path: Path, model: str | None, columns: int) -> tuple[Hearing | None, str]:
    """What is heard, or why nothing was listened to."""
    if model == NO_MODEL:
        return None, ""
    with preparing():
        from rtaudio_dl.views.detections import hear
    try:
        with _progress(f"listening to {path.name}") as progress:
            return hear(path, model or DEFAULT_MODEL, columns, progress), ""
    except RtaudioError as error:
        if model is not None and isinstance(error, ModelError):
            raise
        return None, f"not listened to: {error}"


def _print(overview: Overview, hearing: Hearing | None) -> None:
    from rtaudio_dl.cli.screen import screen

    for line in screen(overview, hearing, bool(console.color_system)):
        console.print(line, no_wrap=True, overflow="crop")


def _rows(
    overview: Overview, hearing: Hearing | None, note: str
) -> list[tuple[str, str]]:
    from rtaudio_dl.views.pictures.sound import facts as words

    rows = [("sound", words(overview).replace("   ·   ", ", "))]
    if overview.integrated is not None and math.isfinite(overview.integrated):
        rows.append(("loudness", f"{overview.integrated:.1f} LUFS integrated"))
    if hearing is not None and hearing.events:
        heard = [f"{e.label} {e.on:.2f} s ({e.confidence:.2f})" for e in hearing.events]
        rows.append(("heard", ", ".join(heard[:_MAX_HEARD])))
        if len(heard) > _MAX_HEARD:
            rows[-1] = ("heard", f"{rows[-1][1]}, and {len(heard) - _MAX_HEARD} more")
    elif hearing is not None:
        rows.append(("heard", f"nothing that {hearing.model} knows"))
    if note:
        rows.append(("heard", note))
    return rows
