"""MIDI to sound while the player's own interpreter is kept busy.

The same notes go to each player while its process is idle, runs busy Python threads,
collects garbage among a million objects, or is held in one C call. A note is late when
it is heard more than a period and half a millisecond after its time, and missed when
nothing is heard before the next one; a sound that comes that late may be taken for the
next note's. The server does not wait for a client that is late: that client misses the
cycle, and with it what was played.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.players.loads import LOADS
from lab.players.ours import BACKENDS
from lab.players.table import KINDS, PYTHON_PEERS, Player
from lab.result import Result, summarize
from lab.rig import Rig, rig
from lab.session import Session
from rtaudio_dl.errors import RtaudioError

UNIT = "frames"
TOLERANCE_SECONDS = 0.0005
_DELAY_SECONDS = 1.0  # from the first note until the interpreter is held


@dataclass(frozen=True)
class Plan:
    """Notes for each run, for how long one C call holds the GIL, and who plays."""

    notes: int
    hold_seconds: float
    loads: Sequence[str] = LOADS
    backends: Sequence[str] = BACKENDS
    peers: Sequence[str] = PYTHON_PEERS


FULL = Plan(128, 3.0)
QUICK = Plan(20, 1.0)


def measure(session: Session, plan: Plan | None = None) -> list[Result]:
    """One result for each player and load."""
    plan = plan or (QUICK if session.quick else FULL)
    peers = plan.peers if session.peers else ()
    players = [("ours", backend) for backend in plan.backends]
    players += [(name, "") for name in peers]
    results = [_nobody(plan)]
    for done, (name, backend) in enumerate(players):
        title = f"ours, {backend}" if backend else KINDS[name].title
        session.progress(title, done / len(players))
        if lacking := KINDS[name].missing():
            session.note(f"gil: {title} is left out; to have it: {lacking}")
            continue
        try:
            # A server for each: what one player did to it must not harm the next.
            with rig() as bench:
                results += _player(bench, plan, name, backend, title)
        except RtaudioError as error:
            if name == "ours":
                raise
            session.note(f"gil: {title} is left out: {error}")
    return results


def _nobody(plan: Plan) -> Result:
    """How the server does with no player at all: these xruns are the machine's."""
    with rig() as bench:
        heard = bench.play("", plan.notes, 0)
    return Result("gil/nobody, idle", UNIT, {}, 0, heard.facts | {"missed": None})


def _player(
    bench: Rig, plan: Plan, name: str, backend: str, title: str
) -> Iterator[Result]:
    options = {}
    if name == "ours":
        options = {"backend": backend, "block": bench.server.period}
    with bench.player(name) as player:
        lead = bench.open(player, name, **options)["lead"]
        for load in plan.loads:
            yield _run(bench, plan, player, (name, title, load), lead)


def _run(
    bench: Rig,
    plan: Plan,
    player: Player,
    what: tuple[str, str, str],
    lead: int,
) -> Result:
    name, title, load = what
    before = player.ask("counts")
    player.ask("burden", load=load, delay=_DELAY_SECONDS, seconds=plan.hold_seconds)
    heard = bench.play(name, plan.notes, lead)
    held = player.ask("unburden")
    after = player.ask("counts")
    facts = heard.facts | {"held_seconds": held} | _counted(before, after)
    latest = bench.server.period + TOLERANCE_SECONDS * bench.server.rate
    late = int(np.sum(heard.hearing.latencies > latest))
    result = summarize(
        f"gil/{title}, {load}",
        UNIT,
        heard.hearing.latencies,
        facts | {"late": late},
        keep=True,
    )
    result.facts["sample_rate"] = bench.server.rate
    if result.samples:
        result.facts["p99_ms"] = 1e3 * result.figures["p99"] / bench.server.rate
    return result


def _counted(before: dict[str, int], after: dict[str, int]) -> dict[str, Any]:
    """What the player's own counters say of the run; a peer counts little."""
    names = ("callbacks", "overruns", "preempted", "late_notes", "repeats", "underruns")
    return {name: after[name] - before[name] for name in names if name in after}
