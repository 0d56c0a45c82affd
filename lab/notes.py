"""Streams: how many voices a core carries, and how soon and how surely they sound.

The cost is taken by native code on a thread with real-time priority: what the audio
thread and the inference thread do for a block, one after the other. On JACK, notes are
timed from the key to the first frame of the sound, and a pad is swept under held notes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.errors import BenchError
from lab.kernels import time_streams
from lab.onsets import hear, note_frames, onset
from lab.realtime import in_real_time, round_of_work
from lab.result import Result, summarize
from lab.rig import Rig, rig
from lab.session import Session
from lab.sound import STREAM_PATCH as PATCH
from lab.sound import dry_stream
from lab.vitals import stolen_ms, stolen_since
from rtaudio_dl.engine import layout
from rtaudio_dl.host.base import MAX_POLYPHONY
from rtaudio_dl.host.host import Host
from rtaudio_dl.patches.patch import find_patch

SAMPLE_RATE, BLOCK = 48_000, 128
HELD = 16  # voices under the sweep
_LOWEST_KEY = 36
_KEY, _VELOCITY = 84, 127  # of the notes that are timed: one that begins at once
_PRESSED_SECONDS = 0.03
_TAIL_SECONDS = 0.3
_MOVES_PER_SECOND = 100  # of the pad
_PAD = (12, 13)  # controls
_SETTLE_SECONDS = 1.0
_ROUND_SECONDS = 0.25
_UNIT = "µs"


@dataclass(frozen=True)
class Plan:
    """Numbers of voices, seconds of each; notes to time; seconds of the sweep."""

    voices: Sequence[int]
    seconds: float
    notes: int
    sweep_seconds: float


FULL = Plan((1, 2, 4, 8, 16, 24, 32, 48, 64), 5.0, 256, 30.0)
QUICK = Plan((1, 16, 64), 0.5, 24, 3.0)


def measure(session: Session, plan: Plan | None = None) -> list[Result]:
    """The cost for each number of voices, then on JACK latency and a sweep."""
    plan = plan or (QUICK if session.quick else FULL)
    results = in_real_time(session, "notes", lambda: _costs(session, plan))
    with rig() as bench:
        session.progress("key to sound", 0.5)
        results.append(_key_to_sound(bench, plan.notes))
        session.progress(f"sweep under {HELD} voices", 0.8)
        results.append(_sweep(bench, plan.sweep_seconds))
    return results


# --- cost


def _costs(session: Session, plan: Plan) -> list[Result]:
    results = []
    for done, voices in enumerate(plan.voices):
        session.progress(f"{voices} voices", 0.5 * done / len(plan.voices))
        with Host(SAMPLE_RATE, polyphony=MAX_POLYPHONY) as host:
            host.load(find_patch(PATCH))
            results.append(_cost(host, voices, plan.seconds))
    return results


def _cost(host: Host, voices: int, seconds: float) -> Result:
    """Held notes, struck at different frames as fingers do."""
    for i in range(voices):
        host.note_on(_LOWEST_KEY + i, 0.7, at=i * 37 / SAMPLE_RATE)
    host.render(0.2)
    rounds = [_round(host) for _ in range(max(1, round(seconds / _ROUND_SECONDS)))]
    audio, worker = np.concatenate(rounds, axis=1)
    counts = host.counts()
    if counts["active_voices"] != voices or counts["late_hops"]:
        raise BenchError(
            f"{counts['active_voices']} voices sound where {voices} were to be "
            f"measured, {counts['late_hops']} hops were late"
        )
    both = (audio + worker) / 1e3
    period = 1e6 * BLOCK / SAMPLE_RATE
    facts = {
        "voices": voices,
        "core_percent": float(100 * both.mean() / period),
        "audio_percent": float(100 * audio.mean() / 1e3 / period),
        "worker_percent": float(100 * worker.mean() / 1e3 / period),
        "period": period,
    }
    return summarize(f"notes/{voices} voices, {BLOCK} frames", _UNIT, both, facts)


def _round(host: Host) -> np.ndarray:
    """Times of some blocks in ns, int64 (2, blocks): audio thread, inference thread."""
    times = np.zeros((2, round(_ROUND_SECONDS * SAMPLE_RATE / BLOCK)), np.int64)
    out = np.zeros((BLOCK, layout.OUTPUTS), np.float32)
    with round_of_work():
        place = next(iter(host.instruments))
        time_streams(host.engine, place, out, len(out), *times, len(times[0]))
    return times


# --- on JACK


def lead_of(rate: int) -> int:
    """Frames of the timed note that pass before it is heard, rendered offline."""
    with Host(rate) as host:
        instrument = host.load(dry_stream())
        host.note_on(_KEY, _VELOCITY / 127, at=0.0)
        host.note_off(_KEY, at=_PRESSED_SECONDS)
        audio = host.render(_TAIL_SECONDS)
        latency = instrument.latency
    return onset(audio) - latency


def _key_to_sound(bench: Rig, notes: int) -> Result:
    rate, period = bench.server.rate, bench.server.period
    frames = note_frames(notes, rate, period)
    pressed = round(_PRESSED_SECONDS * rate)
    events = [
        (frame + after, bytes((status, _KEY, _VELOCITY)))
        for frame in frames
        for after, status in ((0, 0x90), (pressed, 0x80))
    ]
    with bench.player("ours") as player:
        bench.open(player, "ours", stream=True)
        stolen = stolen_ms()
        audio, _ = bench.probe.run(events, frames[-1] + round(_TAIL_SECONDS * rate))
        reported, counts = player.ask("reported"), player.ask("counts")
    heard = hear(audio, frames, lead_of(rate), period)
    facts = {
        "notes": notes,
        "missed": heard.missed,
        "unclear": heard.unclear,
        "xruns": bench.probe.xruns,
        "late_hops": counts["late_hops"],
        "stolen_ms": stolen_since(stolen),
        "reported": reported["block"] + reported["placement"] + reported["stream"],
        "sample_rate": rate,
        "period": period,
    }
    result = summarize("keys/key to sound", "frames", heard.latencies, facts, keep=True)
    for name, frames_ in result.figures.items():
        result.facts[f"{name}_ms"] = 1e3 * frames_ / rate
    return result


def _sweep(bench: Rig, seconds: float) -> Result:
    """Both axes of the pad go to and fro under held notes."""
    with bench.player("ours") as player:
        bench.open(player, "ours", stream=True)
        bench.probe.run(_chord(0x90), bench.server.rate)
        time.sleep(_SETTLE_SECONDS)
        stolen = stolen_ms()
        player.ask("begin_watch", counted=["late_hops"])
        before, began = player.ask("counts"), time.perf_counter()
        bench.probe.run(
            _pad(seconds, bench.server.rate), round(seconds * bench.server.rate)
        )
        after, took = player.ask("counts"), time.perf_counter() - began
        watched = player.ask("end_watch")
        bench.probe.run(_chord(0x80), bench.server.rate)
    facts = _facts(before, after, took) | watched
    facts |= {"xruns": bench.probe.xruns, "stolen_ms": stolen_since(stolen)}
    return Result(f"sweep/{HELD} voices", "", {}, facts["hops"], facts)


def _chord(status: int) -> list[tuple[int, bytes]]:
    keys = range(_LOWEST_KEY, _LOWEST_KEY + 3 * HELD, 3)
    return [(37 * i, bytes((status, key, 80))) for i, key in enumerate(keys)]


def _pad(seconds: float, rate: int) -> list[tuple[int, bytes]]:
    events = []
    for i in range(round(seconds * _MOVES_PER_SECOND)):
        frame = round(i * rate / _MOVES_PER_SECOND)
        for control, hertz in zip(_PAD, (0.5, 0.3), strict=True):
            way = 0.5 - 0.5 * np.cos(2 * np.pi * hertz * i / _MOVES_PER_SECOND)
            events.append((frame, bytes((0xB0, control, round(127 * way)))))
    return events


def _facts(before: dict, after: dict, took: float) -> dict[str, Any]:
    gone = {name: after[name] - before[name] for name in after}
    percent = 100 / (took * 1e9)
    return {
        "voices": after["active_voices"],
        "hops": gone["hops_asked"],
        "late_hops": gone["late_hops"],
        "muted_hops": gone["stream_muted_hops"],
        "overruns": gone["overruns"],
        "preempted": gone["preempted"],
        "audio_percent": percent * gone["busy_ns"],
        "worker_percent": percent * gone["stream_busy_ns"],
        "hops_per_run": gone["stream_hops"] / max(1, gone["stream_runs"]),
        "longest_run_ms": after["stream_longest_ns"] / 1e6,
        "seconds": took,
    }
