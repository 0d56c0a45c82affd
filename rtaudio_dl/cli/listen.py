"""``listen``: what a classifier hears, live or in a recording."""

from __future__ import annotations

import argparse
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from rtaudio_dl.cli.console import console, facts, preparing, terminable
from rtaudio_dl.cli.hears import (
    Count,
    JsonLines,
    Lines,
    Sink,
    Sinks,
    View,
    open_sinks,
    say,
)
from rtaudio_dl.errors import EngineError, PatchError
from rtaudio_dl.patches.patch import find_patch

if TYPE_CHECKING:
    from rtaudio_dl.host.live import LiveHost
    from rtaudio_dl.kinds.classifier.listener import FileListener, Listener

DEFAULT_MODEL = "commands"
_POLL_SECONDS = 0.005  # between two looks at what was heard
_REFRESH_SECONDS = 0.05  # between two sights of the scores


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = "tell live what a classifier hears, or with --file what it hears there"
    parser = commands.add_parser("listen", help=text, description=text)
    parser.add_argument(
        "--model", metavar="NAME", help=f"default: {DEFAULT_MODEL}; onset: strokes"
    )
    parser.add_argument(
        "--onset", action="store_true", help="tell strokes beside the model's labels"
    )
    parser.add_argument("--device", metavar="NAME", help="default: the system's input")
    parser.add_argument(
        "--backend", choices=("auto", "jack", "portaudio"), default="auto"
    )
    parser.add_argument(
        "--channels", metavar="1,2", help="of the input, to be mixed; default: two"
    )
    parser.add_argument(
        "--file", type=Path, help="a recording, faster than real time: the same events"
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object per line for each event"
    )
    parser.add_argument("--osc", metavar="HOST:PORT", help="send /rtaudio_dl/event …")
    parser.add_argument(
        "--midi-out", metavar="PORT", help="play notes to it; new: a port of our own"
    )
    parser.add_argument(
        "--map",
        action="append",
        metavar="LABEL=NOTE",
        help="for --midi-out; give several. Default: from note 60 upwards",
    )
    parser.add_argument("--midi-channel", type=int, default=1, metavar="1..16")
    parser.add_argument(
        "--patch", metavar="NAME", help="play it by its [ears], as the patch ears"
    )
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="stop by itself after this time"
    )
    parser.add_argument(
        "--threshold", type=float, metavar="0..1", help="for all labels alike"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Listen until the end of the file, Ctrl-C, or the time given."""
    if not 1 <= options.midi_channel <= 16:
        raise EngineError(f"MIDI channel is {options.midi_channel}; allowed: 1 to 16")
    return _listen_to_file(options) if options.file else _listen_live(options)


def _settings(options: argparse.Namespace) -> dict[str, object]:
    """The listener's options of the command's."""
    chosen: dict[str, object] = {"onset": options.onset}
    if options.channels is not None:
        numbers = options.channels.split(",")
        if not all(number.strip().isdecimal() for number in numbers):
            raise EngineError(f"channels are {options.channels!r}; write them as 1,2")
        chosen["channels"] = tuple(int(number) for number in numbers)
    if options.threshold is not None:
        chosen["settings"] = {"threshold": options.threshold}
    return chosen


# --- a file


def _listen_to_file(options: argparse.Namespace) -> int:
    for name in ("patch", "device"):
        if getattr(options, name) is not None:
            raise EngineError(f"--{name} is for listening live; leave --file out")
    with preparing():
        from rtaudio_dl.kinds.classifier.listener import FileListener

        model = options.model or DEFAULT_MODEL
        listener = FileListener(options.file, model, **_settings(options))
    count = Count()
    printer = JsonLines() if options.json else Lines()
    with listener, open_sinks(options, listener) as sinks:
        told = Sinks([printer, count, *sinks])
        began = time.perf_counter()
        # What was heard until then is told when the user has had enough.
        with contextlib.suppress(KeyboardInterrupt):
            _tell_file(listener, told, options.seconds)
        took = time.perf_counter() - began
        heard, counts = listener.done, listener.counts()
    summary = {
        "model": listener.model_name,
        "seconds": round(heard, 3),
        "times_real_time": round(heard / took, 1),
        "events": dict(count.labels),
        "failed_runs": counts["failed_runs"] + counts["muted_scores"],
    }
    if options.json:
        printer.end(summary)
        return 0
    rows = [
        ("heard", f"{heard:.2f} s with {listener.model_name}"),
        ("speed", f"{heard / took:.1f} times faster than real time"),
        ("events", count.line() or "none"),
    ]
    if summary["failed_runs"]:
        rows.append(("failed", f"{summary['failed_runs']} runs of the model"))
    console.print(facts(options.file.name, rows))
    return 0


def _tell_file(listener: FileListener, told: Sinks, seconds: float | None) -> None:
    for detections in listener.blocks():
        for heard in detections:
            told.event(heard)
        told.scores(listener.scores, listener.level)
        if seconds is not None and listener.done >= seconds:
            return


# --- live


def _listen_live(options: argparse.Namespace) -> int:
    with preparing():
        from rtaudio_dl.host.counts import lost
        from rtaudio_dl.host.live import LiveHost

        host = LiveHost(
            microphone=options.device,
            backend=options.backend,
            say=lambda line: say(options, line),
        )
    count, began, spent = Count(), time.monotonic(), time.process_time()
    with terminable(), host:
        listener = _open(host, options)
        with open_sinks(options, listener) as sinks:
            say(options, _hears(host, listener))
            began, spent = time.monotonic(), time.process_time()
            # Ctrl-C is how one stops listening, not an error.
            with contextlib.suppress(KeyboardInterrupt):
                _watch(host, listener, options, [count, *sinks])
            spent = time.process_time() - spent
            counts, lasted = listener.counts(), time.monotonic() - began
            played = host.counts()
    summary = {
        "model": listener.model_name,
        "seconds": round(lasted, 3),
        "events": dict(count.labels),
        "dropped_hops": counts["dropped_hops"],
        "input_dropped": counts["input_dropped"],
        "lost_detections": counts["lost_detections"],
        "lost_notes": counts["lost_notes"],
        "clipped": counts["input_clipped"],
        "cpu": round(spent / max(lasted, 1e-9), 4),
    }
    if options.json:
        JsonLines().end(summary)
        return 0
    rows = [
        ("heard", f"{lasted:.1f} s with {listener.model_name}"),
        ("events", count.line() or "none"),
        ("dropped", f"{counts['dropped_hops']} of {counts['hops']} hops"),
        ("lost", f"{counts['input_dropped']} frames of the input"),
        ("clipped", f"{counts['input_clipped']} samples"),
        ("processor", f"{summary['cpu']:.1%} of one core"),
    ]
    if counts["lost_detections"]:
        rows.append(("unread", f"{counts['lost_detections']} detections"))
    if told := lost(played):
        rows.append(("no room for", told))
    console.print(facts("Heard", rows))
    return 0


def _open(host: LiveHost, options: argparse.Namespace) -> Listener:
    """The listener that is asked for, or that the patch needs."""
    patch = find_patch(options.patch) if options.patch else None
    if patch is not None and patch.ears is None:
        raise PatchError(
            f"patch {patch.name!r} has no [ears], so nothing that is heard plays it; "
            "take the patch ears, or add the table"
        )
    chosen = _settings(options)
    own = options.model or any(chosen.values())
    if patch is None or own:
        model = options.model or (patch.ears.model if patch else DEFAULT_MODEL)
        host.listen(model, **chosen)
    if patch is not None:
        host.load(patch)
    return host.listener


def _hears(host: LiveHost, listener: Listener) -> str:
    device = host.microphone.label if host.microphone else "nothing"
    return (
        f"listening to {device} with {listener.model_name}: "
        f"{', '.join(listener.labels)}"
    )


def _watch(
    host: LiveHost, listener: Listener, options: argparse.Namespace, sinks: list[Sink]
) -> None:
    end = time.monotonic() + (
        options.seconds if options.seconds is not None else float("inf")
    )
    if options.json or not console.is_terminal:
        sinks = [JsonLines() if options.json else Lines(), *sinks]
        _tell_live(host, listener, Sinks(sinks), end)
        return
    view = View(Text())
    with Live(view, console=console, auto_refresh=False, transient=True) as live:

        def refresh() -> None:
            view.status = _status(listener)
            live.refresh()

        _tell_live(host, listener, Sinks([view, *sinks]), end, refresh)


def _tell_live(host, listener, told: Sinks, end: float, refresh=lambda: None) -> None:
    due = 0.0
    while (now := time.monotonic()) < end:
        for heard in listener.events():
            told.event(heard)
        if now >= due:
            told.scores(listener.scores, listener.level)
            refresh()
            host.poll()
            due = now + _REFRESH_SECONDS
        time.sleep(_POLL_SECONDS)


def _status(listener: Listener) -> Text:
    counts = listener.counts()
    line = Text(f" {counts['hops']} hops", style="dim")
    for name, word in (
        ("dropped_hops", "dropped"),
        ("input_dropped", "frames lost"),
        ("lost_detections", "detections lost"),
        ("lost_notes", "notes lost"),
        ("muted_scores", "muted"),
        ("input_clipped", "clipped"),
    ):
        if counts[name]:
            line.append(f"  {word} {counts[name]}", style="bold yellow")
    return line.append("  Ctrl-C ends", style="dim")
