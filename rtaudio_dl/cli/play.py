"""``play``: live, from MIDI keyboards, other programs, or the computer keyboard."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.live import Live

from rtaudio_dl.cli.console import console, facts, preparing, terminable
from rtaudio_dl.cli.meters import live_line
from rtaudio_dl.cli.render import DEFAULT_PATCH, add_engine_options

if TYPE_CHECKING:
    from rtaudio_dl.host.instrument import Instrument
    from rtaudio_dl.host.live import LiveHost

_REFRESH_SECONDS = 0.1
_PLAIN_SECONDS = 10.0  # between two lines where nobody sees a live one


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = "play a patch live; Ctrl-C ends it"
    parser = commands.add_parser("play", help=text, description=text)
    parser.add_argument(
        "--patch",
        action="append",
        metavar="NAME",
        help="default: drums; give several, and program changes choose among them",
    )
    parser.add_argument("--midi", metavar="PORT", help="default: every keyboard")
    parser.add_argument("--device", metavar="NAME", help="default: the system's output")
    parser.add_argument(
        "--backend",
        choices=("auto", "jack", "portaudio"),
        default="auto",
        help="auto: JACK where a server runs, else PortAudio",
    )
    parser.add_argument("--block", type=int, metavar="FRAMES")
    parser.add_argument(
        "--placement",
        choices=("asap", "fixed"),
        default="asap",
        help="asap: as early as possible; fixed: the same latency for every note",
    )
    parser.add_argument("--record", type=Path, metavar="FILE.wav")
    parser.add_argument(
        "--flight",
        type=Path,
        metavar="FILE.flight",
        help="keep everything that is played, to be rendered again exactly",
    )
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="stop by itself after this time"
    )
    add_engine_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Play until Ctrl-C, the end of the terminal, or the time given."""
    with preparing():
        from rtaudio_dl.host.live import LiveHost

        host = LiveHost(
            options.device,
            midi=options.midi,
            backend=options.backend,
            block=options.block,
            placement=options.placement,
            polyphony=options.polyphony,
            provider=options.provider,
            say=console.print,
        )
    with terminable(), host:
        if options.flight:
            host.record_flight(options.flight)
        loaded = [host.load(name) for name in options.patch or [DEFAULT_PATCH]]
        instrument = loaded[0]
        host.assign(instrument)
        if options.record:
            host.record(options.record)
        console.print(facts(instrument.patch.title, _about(host, instrument)))
        # Ctrl-C is how one stops playing, not an error.
        with contextlib.suppress(KeyboardInterrupt):
            _watch(host, instrument, options.seconds)
    _report(host, options.record)
    return 0


def _about(host: LiveHost, instrument: Instrument) -> list[tuple[str, str]]:
    host.midi_reader.wait_until_ready(5.0)
    latency = host.latency
    parts = f"device {latency.device} + block {latency.block}"
    if latency.placement:
        parts += f" + placement {latency.placement}"
    if latency.inference:
        parts += f" + inference {latency.inference}"
    if latency.stream:
        parts += f" + stream {latency.stream}"
    return [
        ("model", f"{instrument.model.card.name}, {instrument.model.provider_note}"),
        ("audio", f"{host.device.label}, {host.sample_rate} Hz, {host.block} frames"),
        ("latency", f"{latency.milliseconds:.1f} ms: {parts} frames"),
        ("MIDI", ", ".join(host.midi_sources()) or "no keyboard connected"),
        ("MIDI port", host.midi_port or "none: no MIDI system here"),
    ]


def _watch(host: LiveHost, instrument: Instrument, seconds: float | None) -> None:
    end = time.monotonic() + (seconds if seconds is not None else float("inf"))
    with _keyboard(host, instrument) as quit_asked:
        if console.is_terminal:
            _watch_terminal(host, end, quit_asked)
        else:
            _watch_plain(host, end)


def _watch_terminal(host: LiveHost, end: float, quit_asked) -> None:
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while time.monotonic() < end and not quit_asked():
            host.poll()
            live.update(live_line(host), refresh=True)
            time.sleep(_REFRESH_SECONDS)


def _watch_plain(host: LiveHost, end: float) -> None:
    due = 0.0
    while time.monotonic() < end:
        host.poll()
        if time.monotonic() >= due:
            console.print(live_line(host))
            due = time.monotonic() + _PLAIN_SECONDS
        time.sleep(_REFRESH_SECONDS)


@contextlib.contextmanager
def _keyboard(host: LiveHost, instrument: Instrument) -> Iterator:
    """The computer keyboard as an instrument, where there is one."""
    if not sys.stdin.isatty():
        yield lambda: False
        return
    from rtaudio_dl.io.keyboard.keys import Keyboard

    def play(key: int, velocity: float) -> None:
        host.note_on(key, velocity)

    with Keyboard(play, drums=instrument.patch.one_shot) as keyboard:
        console.print(keyboard.help)
        yield lambda: keyboard.ended


def _report(host: LiveHost, recording: Path | None) -> None:
    from rtaudio_dl.host.counts import lost

    counts = host.counts()
    rows = [
        ("notes", f"{counts['notes']}, {counts['late_notes']} late"),
        ("hops", f"{counts['hops_asked']} of streams, {counts['late_hops']} late"),
        ("underruns", f"{counts['underruns']} told by the device"),
        ("own overruns", f"{counts['overruns']} of {counts['callbacks']} callbacks"),
        ("preempted", f"{counts['preempted']} callbacks, by other programs"),
    ]
    if told := lost(counts):
        rows.append(("no room for", told))
    if recording:
        rows.append(("recording", str(recording)))
    console.print(facts("Played", rows))
