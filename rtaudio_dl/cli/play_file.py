"""``play-file``: any sound file through the engine, moved and bent by keys."""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from rtaudio_dl.cli.console import console, facts, preparing, terminable
from rtaudio_dl.cli.meters import bar, meter
from rtaudio_dl.errors import EngineError

if TYPE_CHECKING:
    from rtaudio_dl.host.live import LiveHost
    from rtaudio_dl.playback.track import Track

HELP = "space pauses, ← → go 5 s, ↑ ↓ louder and softer, + - pitch, l loops, q ends"
_REFRESH_SECONDS = 0.1
_PLAIN_SECONDS = 10.0  # between two lines where nobody sees a live one
_STEP_SECONDS = 5.0
_STEP_DB = 1.0
_WIDTH = 32


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = "play a sound file of any format and length; " + HELP
    parser = commands.add_parser("play-file", help="play a file", description=text)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--seek", type=float, default=0.0, metavar="S", help="begin at this time"
    )
    parser.add_argument("--loop", action="store_true", help="without a seam")
    bend = parser.add_mutually_exclusive_group()
    bend.add_argument("--pitch", type=float, default=0.0, metavar="SEMITONES")
    bend.add_argument(
        "--speed", type=float, metavar="FACTOR", help="the pitch goes with it"
    )
    parser.add_argument(
        "--gain", type=float, default=0.0, metavar="DB", help="up to 12 dB louder"
    )
    parser.add_argument("--patch", metavar="NAME", help="for keyboards to play along")
    parser.add_argument("--device", metavar="NAME", help="default: the system's output")
    parser.add_argument(
        "--backend", choices=("auto", "jack", "portaudio"), default="auto"
    )
    parser.add_argument("--block", type=int, metavar="FRAMES")
    parser.add_argument("--record", type=Path, metavar="FILE.wav")
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="stop by itself after this time"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Play until the end of the file, q, or Ctrl-C."""
    from rtaudio_dl.files.read import SoundReader

    SoundReader(options.file).close()  # before any device is opened
    pitch = _pitch(options)
    with preparing():
        from rtaudio_dl.host.live import LiveHost

        host = LiveHost(
            options.device,
            backend=options.backend,
            block=options.block,
            say=console.print,
        )
    with terminable(), host:
        if options.patch:
            host.load(options.patch)
        if options.record:
            host.record(options.record)
        track = host.play_file(
            options.file,
            seek=options.seek,
            loop=options.loop,
            pitch=pitch,
            gain=10 ** (options.gain / 20),
        )
        console.print(facts(options.file.name, _about(host, track)))
        with contextlib.suppress(KeyboardInterrupt):
            _watch(host, track, options.seconds)
        counts, seconds, missing = host.counts(), track.seconds, track.missing
    from rtaudio_dl.host.counts import lost

    rows = [
        ("up to", _clock(seconds)),
        ("underruns", f"{counts['underruns']} told by the device"),
        ("missing", f"{missing:.3f} s that were not read in time"),
    ]
    if told := lost(counts):
        rows.append(("no room for", told))
    if options.record:
        rows.append(("recording", str(options.record)))
    console.print(facts("Played", rows))
    return 0


def _pitch(options: argparse.Namespace) -> float:
    if options.speed is None:
        return options.pitch
    if not 0.25 <= options.speed <= 4:
        raise EngineError(f"speed is {options.speed:g}; allowed: 0.25 to 4")
    return 12 * math.log2(options.speed)


def _about(host: LiveHost, track: Track) -> list[tuple[str, str]]:
    named = {1: "mono", 2: "stereo"}
    channels = named.get(track.channels, f"{track.channels} channels")
    return [
        ("file", f"{_clock(track.duration)}, {track.sample_rate} Hz, {channels}"),
        ("audio", f"{host.device.label}, {host.sample_rate} Hz, {host.block} frames"),
    ]


def _watch(host: LiveHost, track: Track, seconds: float | None) -> None:
    end = time.monotonic() + (seconds if seconds is not None else math.inf)
    if not console.is_terminal:
        _watch_plain(host, track, end)
        return
    with (
        _letters() as read,
        Live(console=console, auto_refresh=False, transient=True) as live,
    ):
        while time.monotonic() < end and not track.ended:
            live.update(track_line(host, track), refresh=True)
            if not all(press(track, letter) for letter in read(_REFRESH_SECONDS)):
                return
            host.poll()


def _watch_plain(host: LiveHost, track: Track, end: float) -> None:
    due = 0.0
    while time.monotonic() < end and not track.ended:
        if time.monotonic() >= due:
            console.print(track_line(host, track))
            due = time.monotonic() + _PLAIN_SECONDS
        host.poll()
        time.sleep(_REFRESH_SECONDS)


@contextlib.contextmanager
def _letters() -> Iterator[Callable[[float], str]]:
    """Reads the keys that are pressed, where there is a keyboard; it takes its time."""
    if not sys.stdin.isatty():
        yield lambda seconds: time.sleep(seconds) or ""
        return
    from rtaudio_dl.io.keyboard.terminal import Terminal

    terminal = Terminal()
    terminal.open()
    try:
        console.print(HELP, style="dim")
        yield terminal.read
    finally:
        terminal.close()


def press(track: Track, letter: str) -> bool:
    """Do what a key means; False if it means the end."""
    from rtaudio_dl.io.keyboard.keys import QUIT
    from rtaudio_dl.io.keyboard.terminal import DOWN, LEFT, RIGHT, UP

    letter = letter.lower()
    if letter in QUIT:
        return False
    if letter == " ":
        (track.resume if track.paused else track.pause)()
    elif letter in (LEFT, RIGHT):
        step = _STEP_SECONDS if letter == RIGHT else -_STEP_SECONDS
        track.seek(min(max(track.seconds + step, 0.0), track.duration))
    elif letter in (UP, DOWN):
        step = 10 ** ((_STEP_DB if letter == UP else -_STEP_DB) / 20)
        _try_to_set(track, "gain", track.gain * step)
    elif letter in "+=-_":
        step = 1 if letter in "+=" else -1
        _try_to_set(track, "pitch", round(track.pitch + step, 6))
    elif letter == "l":
        track.loop = not track.loop
    return True


def _try_to_set(track: Track, name: str, value: float) -> None:
    # Beyond the end of its range a key does nothing.
    with contextlib.suppress(EngineError):
        setattr(track, name, value)


def track_line(host: LiveHost, track: Track) -> Text:
    """One line on where the track is, and how loud."""
    line = Text(" ⏸ " if track.paused else " ▶ ")
    line.append(f"{_clock(track.seconds)} ")
    line.append(bar(track.seconds / track.duration, _WIDTH), style="cyan on grey23")
    line.append(f" {_clock(track.duration)}  ")
    for level in host.levels:
        line.append_text(meter(level)).append(" ")
    if track.loop:
        line.append(" loop", style="cyan")
    if abs(track.pitch) > 1e-6:
        line.append(f"  pitch {track.pitch:+.3g}", style="cyan")
    if abs(track.gain - 1) > 1e-6:
        decibels = 20 * math.log10(track.gain) if track.gain else -math.inf
        line.append(f"  {decibels:+.0f} dB", style="cyan")
    if track.missing:
        line.append(f"  missing {track.missing:.2f} s", style="bold yellow")
    return line


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"
