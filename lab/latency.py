"""MIDI to sound through a real JACK graph: ours in all its modes, and its peers.

First comes the round trip of the graph itself, from a client's output to its own input.

A probe sends note-ons at known frames and records what the player plays; the sound's
own frames before it can be heard are subtracted. Both ends are on the same server, so
the driver's latency (``device``) is in no figure. A player that begins notes with the
block they arrive in is early: it may be heard up to a period before its note's place.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab import card
from lab.onsets import Hearing, note_frames
from lab.players.ours import BACKENDS
from lab.players.table import KINDS, PEERS, Player
from lab.result import Result, latency_result
from lab.rig import Heard, Rig, rig
from lab.session import Session
from rtaudio_dl.errors import RtaudioError
from rtaudio_dl.host.live import PLACEMENTS
from rtaudio_dl.patches.patch import FRESHNESS


@dataclass(frozen=True)
class Plan:
    """How many notes each way of playing is heard with, and which ways there are."""

    notes: int
    backends: Sequence[str] = BACKENDS
    placements: Sequence[str] = PLACEMENTS
    freshness: Sequence[str] = FRESHNESS
    peers: Sequence[str] = PEERS


FULL = Plan(256)  # two notes for each place in a period of 128
QUICK = Plan(24)


def measure(session: Session, plan: Plan | None = None) -> list[Result]:
    """The round trip, each way of ours, then each peer that is installed.

    With a sound card instead of JACK: see `card`.
    """
    plan = plan or (QUICK if session.quick else FULL)
    if session.device is not None:
        return card.measure(session, session.device, session.channel, plan.notes)
    peers = plan.peers if session.peers else ()
    ways = list(itertools.product(plan.placements, plan.freshness))
    parts = 1 + len(plan.backends) * len(ways) + len(peers)
    results: list[Result] = []
    with rig() as bench:
        session.progress("starting", 0.0)
        for result in _all(session, bench, plan, ways, peers):
            results.append(result)
            session.progress(result.what, len(results) / parts)
    return results


def _all(
    session: Session,
    bench: Rig,
    plan: Plan,
    ways: Sequence[tuple[str, str]],
    peers: Sequence[str],
) -> Iterator[Result]:
    yield _round_trip(bench, plan.notes)
    for backend in plan.backends:
        with bench.player("ours") as player:
            for way in ways:
                yield _way(bench, player, plan.notes, backend, *way)
    for name in peers:
        yield from _peer(session, bench, plan, name)


def _round_trip(bench: Rig, pulses: int) -> Result:
    """From an output to an input of one client: what every figure of JACK rests on."""
    frames = note_frames(pulses, bench.server.rate, bench.server.period)
    delays = bench.probe.round_trips(frames)
    came = [delay for delay in delays if delay >= 0]
    hearing = Hearing(np.array(came, np.int64), len(delays) - len(came), 0)
    facts = {"notes": pulses, "missed": hearing.missed}
    return _result(bench, "JACK, output to input", Heard(hearing, facts), {})


def _way(
    bench: Rig, player: Player, notes: int, backend: str, placement: str, fresh: str
) -> Result:
    options = {"backend": backend, "placement": placement, "freshness": fresh}
    lead = bench.open(player, "ours", **options, block=bench.server.period)["lead"]
    heard = bench.play("ours", notes, lead)
    name = f"ours, {backend}, {placement}, {fresh}"
    return _ours(bench, name, heard, lead, player.ask("reported"))


def _peer(session: Session, bench: Rig, plan: Plan, name: str) -> Iterator[Result]:
    kind = KINDS[name]
    if lacking := kind.missing():
        session.note(f"latency: {kind.title} is left out; to have it: {lacking}")
        return
    try:
        with bench.player(name) as player:
            told = bench.open(player, name)
            heard = bench.play(name, plan.notes, told["lead"])
    except RtaudioError as error:
        session.note(f"latency: {kind.title} is left out: {error}")
        return
    yield _result(bench, kind.title, heard, {"lead": told["lead"]})


def _ours(
    bench: Rig, name: str, heard: Heard, lead: int, reported: dict[str, Any]
) -> Result:
    """With what the host reports, in parts; the driver's part is not on this way."""
    parts = {
        part: reported[part] for part in ("block", "placement", "inference", "device")
    }
    total = sum(parts.values()) - parts["device"]
    facts = {f"reported_{part}": frames for part, frames in parts.items()}
    facts |= {"reported_model": lead, "reported": total, "lead": lead}
    result = _result(bench, name, heard, facts)
    if result.samples:
        result.facts["beyond_reported"] = result.figures["max"] - total
    return result


def _result(bench: Rig, name: str, heard: Heard, facts: dict[str, Any]) -> Result:
    latencies, server = heard.hearing.latencies, bench.server
    return latency_result(
        name, latencies, facts | heard.facts, server.rate, server.period
    )
