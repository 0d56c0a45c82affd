"""``render``: a MIDI file through a patch, to a sound file."""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import Progress

from rtaudio_dl.cli.console import console, facts, preparing
from rtaudio_dl.errors import PatchError

DEFAULT_PATCH = "drums"
FLIGHT_SUFFIX = ".flight"


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = (
        "render a MIDI file, or what `play --flight` recorded, to a sound file; "
        "same input, same bytes"
    )
    parser = commands.add_parser("render", help=text, description=text)
    parser.add_argument("song", type=Path, metavar="SONG.mid|FILE.flight")
    parser.add_argument("--patch", default=DEFAULT_PATCH, metavar="NAME")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.wav")
    parser.add_argument("--seed", type=int, metavar="N", help="other sounds, same song")
    add_engine_options(parser)
    parser.add_argument("--rate", type=int, default=48_000, metavar="HZ")
    parser.add_argument("--block", type=int, default=128, metavar="FRAMES")
    parser.set_defaults(run=run)


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Options of every command that makes an engine."""
    parser.add_argument("--polyphony", type=int, default=32, metavar="VOICES")
    parser.add_argument("--provider", default="auto", choices=("auto", "cpu", "cuda"))


@dataclass(frozen=True)
class Rendering:
    """A rendered song and how it went; ``took`` is in seconds of wall-clock time."""

    audio: np.ndarray
    sample_rate: int
    took: float
    notes: list[tuple[float, int, float, str]]  # seconds, key, velocity, name
    model: str
    provider: str
    counts: dict[str, int]

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.audio) / self.sample_rate

    def rows(self) -> list[tuple[str, str]]:
        """What a person wants to know of it."""
        from rtaudio_dl.views.loudness import measure

        loudness = measure(self.audio, self.sample_rate, true_peak=False)
        lufs = loudness.integrated_lufs
        integrated = "too short" if lufs is None else f"{lufs:.1f} LUFS"
        notes = f"{self.counts['sounded']} of {self.counts['notes']} sounded"
        if self.counts["unmapped"]:
            notes += f"; {self.counts['unmapped']} are for keys that the patch lacks"
        return [
            ("model", f"{self.model}, {self.provider}"),
            ("notes", notes),
            ("rendered", f"{self.seconds:.2f} s at {self.sample_rate} Hz"),
            ("speed", f"{self.seconds / self.took:.0f} times faster than real time"),
            ("peak", f"{loudness.peak_dbfs:.1f} dBFS"),
            ("loudness", integrated),
        ]


def render_file(
    song_path: Path,
    patch_name: str,
    seed: int | None,
    sample_rate: int = 48_000,
    polyphony: int = 32,
    block: int = 128,
    provider: str = "auto",
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Rendering:
    """Render a MIDI file; ``progress`` is told seconds done and seconds in all."""
    from rtaudio_dl.midi.file import read_song
    from rtaudio_dl.patches.patch import SEEDS, find_patch

    song = read_song(song_path)
    patch = find_patch(patch_name)
    if seed is not None:
        if not 0 <= seed < SEEDS:
            raise PatchError(f"seed is {seed}; allowed: 0 to {SEEDS - 1}")
        patch = dataclasses.replace(patch, seed=seed)
    with preparing():
        from rtaudio_dl.host.host import Host
        from rtaudio_dl.midi.render import render_song

        host = Host(sample_rate, polyphony=polyphony, block=block, provider=provider)
    with host:
        instrument = host.load(patch)
        start = time.perf_counter()
        audio = render_song(host, song, lambda done: progress(done, song.seconds))
        took = time.perf_counter() - start
        names = {number: key.name for number, key in patch.keys.items()}
        return Rendering(
            audio=audio,
            sample_rate=sample_rate,
            took=took,
            notes=[
                (n.seconds, n.key, n.velocity, names.get(n.key) or str(n.key))
                for n in song.notes()
            ],
            model=instrument.model.card.name,
            provider=instrument.model.provider_note,
            counts=host.counts(),
        )


def run(options: argparse.Namespace) -> int:
    """Render and say what came out."""
    from rtaudio_dl.files.write import check_target, write_audio

    check_target(options.out)
    if options.song.suffix == FLIGHT_SUFFIX:
        return _render_flight(options)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("rendering", total=None)
        rendering = render_file(
            options.song,
            options.patch,
            options.seed,
            options.rate,
            options.polyphony,
            options.block,
            options.provider,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    write_audio(options.out, rendering.audio, rendering.sample_rate)
    console.print(facts(str(options.out), rendering.rows()))
    return 0


def _render_flight(options: argparse.Namespace) -> int:
    from rtaudio_dl.files.write import write_audio

    with preparing():
        from rtaudio_dl.recording.replay import Replay

        replay = Replay(options.song, options.provider)
    flight = replay.flight
    total = (flight.end - flight.start) / flight.sample_rate
    start = time.perf_counter()
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("rendering", total=total)
        audio = replay.render(lambda done: bar.update(task, completed=done))
    took = time.perf_counter() - start
    write_audio(options.out, audio, flight.sample_rate)
    rows = [
        ("flight", f"{len(flight.events)} events, {len(flight.patches)} patches"),
        ("rendered", f"{total:.2f} s at {flight.sample_rate} Hz"),
        ("speed", f"{total / took:.0f} times faster than real time"),
    ]
    rows += [("recorded live", f"frames {a} to {b}") for a, b in replay.taps]
    console.print(facts(str(options.out), rows))
    return 0
