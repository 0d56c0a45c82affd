"""Minutes of random MIDI while models are swapped and everything is recorded.

Afterwards every event must have arrived, no note may hang, and memory must be where it
was. The server does not wait for late clients, as on stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lab.players.ours import BACKENDS
from lab.players.table import Player
from lab.result import Result
from lab.rig import Rig, rig
from lab.session import Session
from lab.storm import Storm
from lab.vitals import stolen_ms, stolen_since
from rtaudio_dl.host.counts import lost

SEED = 20_001
# In this time the lowest note of any patch, bent down, has come to its own end.
_LONGEST_SECONDS = 12.0
_LOOK_SECONDS = 0.5
_SILENCE = 1e-4  # of full scale: -80 dB


@dataclass(frozen=True)
class Plan:
    """Minutes, messages per second, and seconds between two looks at the counters.

    ``hurry`` is how much faster than usual patches are swapped.
    """

    minutes: float
    per_second: float = 300.0
    chunk_seconds: float = 5.0
    backend: str = BACKENDS[0]
    hurry: float = 1.0


FULL = Plan(30.0)
QUICK = Plan(1.0)


def measure(session: Session, plan: Plan | None = None) -> list[Result]:
    """One result, all in its facts."""
    plan = plan or (QUICK if session.quick else FULL)
    if session.minutes is not None:
        plan = replace(plan, minutes=session.minutes)
    return [_soak(session, plan, plan.backend)]


def _soak(session: Session, plan: Plan, backend: str) -> Result:
    with rig() as bench, bench.player("ours") as player:
        bench.open(player, "ours", backend=backend)
        storm = Storm(SEED, plan.per_second, bench.server.rate)
        chunks = max(1, round(60 * plan.minutes / plan.chunk_seconds))
        frames = round(plan.chunk_seconds * bench.server.rate)
        trouble: dict[str, Any] = dict.fromkeys(
            ("xruns", "probe_gaps", "not_sent", "not_finite"), 0
        )
        player.ask("begin_soak", seed=SEED, hurry=plan.hurry)
        player.ask("begin_watch", counted=["underruns", "overruns"])
        stolen = stolen_ms()
        looks: list[dict[str, Any]] = []
        for number in range(chunks):
            session.progress(f"{plan.minutes:g} minutes, {backend}", number / chunks)
            _chunk(bench, storm, frames, trouble)
            # Memory is judged once all patches are there and the heap has settled.
            if looks or number >= chunks // 3:
                now = player.ask("vitals")
                looks += [now] * (now["swaps"] > 0)
        trouble["stolen_ms"] = stolen_since(stolen)
        return _result(bench, player, storm, trouble, looks, backend, plan)


def _chunk(bench: Rig, storm: Storm, frames: int, trouble: dict[str, Any]) -> None:
    events = storm.events(frames)
    audio, _ = bench.probe.run(events, frames)
    trouble["xruns"] += bench.probe.xruns
    trouble["probe_gaps"] += bench.probe.gaps
    trouble["not_sent"] += len(events) - bench.probe.sent
    trouble["not_finite"] += int(np.sum(~np.isfinite(audio)))


def _result(
    bench: Rig,
    player: Player,
    storm: Storm,
    trouble: dict[str, Any],
    looks: list[dict[str, Any]],
    backend: str,
    plan: Plan,
) -> Result:
    churned = player.ask("end_churn")
    watched = player.ask("end_watch")
    seconds, silent = _until_silent(bench, player, storm)
    counts = player.ask("counts")
    recorded = player.ask("end_recording")
    sent = storm.note_ons
    facts = {
        "backend": backend,
        "minutes": plan.minutes,
        "messages": storm.messages,
        "note_ons": sent,
        "lost_events": sent - counts["notes"],
        "hung_notes": counts["active_voices"],
        "seconds_to_silence": seconds,
        "silent_at_end": silent,
    }
    names = (
        "underruns",
        "overruns",
        "preempted",
        "late_notes",
        "repeats",
        "lost_notes",
        "stolen",
        "worker_muted_sounds",
        "worker_gave_way",
        "stream_gave_way",
    )
    facts |= {name: counts[name] for name in names}
    facts["lost"] = lost(counts) or "nothing"
    facts["longest_callback_us"] = counts["longest_ns"] / 1e3
    facts |= (
        watched | trouble | churned | recorded | _grown([*looks, player.ask("vitals")])
    )
    return Result(f"soak/{backend}", "", {}, counts["callbacks"], facts)


def _until_silent(bench: Rig, player: Player, storm: Storm) -> tuple[float, bool]:
    """End all notes; the seconds until none sounded, and whether nothing is heard."""
    frames = round(_LOOK_SECONDS * bench.server.rate)
    bench.probe.run(storm.ending(), frames)
    looks = 1
    while player.ask("counts")["active_voices"] and (
        looks * _LOOK_SECONDS < _LONGEST_SECONDS
    ):
        bench.probe.run((), frames)
        looks += 1
    tail, _ = bench.probe.run((), frames)
    return looks * _LOOK_SECONDS, bool(np.abs(tail[frames // 2 :]).max() < _SILENCE)


def _grown(looks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Memory at start and end; what the audio thread suffered between.

    Which patches are loaded changes from one look to the next, and memory with them:
    medians of the first quarter of the looks, the middle and the last are compared.
    """
    before, after = looks[0], looks[-1]
    facts: dict[str, Any] = {"audio_policy": after["policy"]}
    sizes = [look["rss_mib"] for look in looks]
    if None not in sizes:
        quarter = (len(sizes) + 3) // 4
        start, end = np.median(sizes[:quarter]), np.median(sizes[-quarter:])
        facts |= {
            "rss_start_mib": float(start),
            "rss_middle_mib": float(np.median(sizes[quarter:-quarter] or sizes)),
            "rss_end_mib": float(end),
            "rss_growth_mib": float(end - start),
        }
    counted = [name for name in after["thread"] if name in before["thread"]]
    return facts | {
        f"audio_{name}": after["thread"][name] - before["thread"][name]
        for name in counted
    }
