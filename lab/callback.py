"""What `process_block` costs, for so many voices and so long a block.

The time is taken by native code around `process_block`, on a thread with real-time
priority (where that is allowed), as a driver's is, with all voices sounding. The block
in which all of them are struck at once, the worst that a musician can do, is measured
apart (``strike``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.errors import BenchError
from lab.kernels import time_blocks
from lab.realtime import in_real_time, round_of_work
from lab.result import Result, summarize
from lab.session import Session
from rtaudio_dl.core.control import push
from rtaudio_dl.engine import events, layout
from rtaudio_dl.host.base import MAX_POLYPHONY
from rtaudio_dl.host.host import Host
from rtaudio_dl.patches.patch import PARAMETERS, Key, Patch, find_patch

SAMPLE_RATE = 48_000
PATCH = "drums"  # whose model plays
_LOWEST_KEY = 32
_SHIFTS = np.linspace(-6.0, 3.0, MAX_POLYPHONY)  # no two voices at one pitch
_ROUND_SECONDS = 0.5  # less than the shortest sound: all voices sound throughout
_SILENCE_SECONDS = 0.05  # for all of them to end between two rounds
_UNIT = "µs"


@dataclass(frozen=True)
class Plan:
    """Which voices and blocks (frames) are measured, and in how many rounds."""

    voices: Sequence[int]
    blocks: Sequence[int]
    rounds: int


FULL = Plan((1, 2, 4, 8, 16, 32, 48, 64), (32, 64, 128, 256, 512, 1024), 20)
QUICK = Plan((1, 16, 64), (32, 128, 1024), 2)


def measure(session: Session, plan: Plan | None = None) -> list[Result]:
    """The cost for each pair of voices and block, and where each block breaks.

    A ``breaks`` result says at how many voices p99 passes the period, or that it did
    not up to as many as were measured.
    """
    plan = plan or (QUICK if session.quick else FULL)
    results = in_real_time(session, "callback", lambda: _all(session, plan))
    return results + [_breaks(results, block) for block in plan.blocks]


def _all(session: Session, plan: Plan) -> list[Result]:
    results = []
    cases = [(block, voices) for block in plan.blocks for voices in plan.voices]
    with Host(SAMPLE_RATE, polyphony=MAX_POLYPHONY) as host:
        host.load(_patch())
        for done, (block, voices) in enumerate(cases):
            session.progress(f"{voices} voices, {block} frames", done / len(cases))
            results.append(_case(host, voices, block, plan.rounds))
    return results


def _patch() -> Patch:
    """A patch of 64 keys that last, whose sounds are made once."""
    model = find_patch(PATCH).model
    keys = {_LOWEST_KEY + i: Key(shift=float(s)) for i, s in enumerate(_SHIFTS)}
    parameters = {name: p.default for name, p in PARAMETERS.items()}
    return Patch(
        name="bench",
        model=model,
        title="voices for the callback benchmark",
        keys=keys,
        parameters=parameters,
        controls={},
        freshness="frozen",
        one_shot=True,
    )


def _case(host: Host, voices: int, block: int, rounds: int) -> Result:
    out = np.zeros((block, layout.OUTPUTS), np.float32)
    per_round = max(1, round(_ROUND_SECONDS * SAMPLE_RATE / block))
    steady, strikes = [], []
    for number in range(rounds + 1):
        durations = np.zeros(per_round, np.int64)
        strike = np.zeros(1, np.int64)
        _strike(host, voices)
        with round_of_work():
            time_blocks(host.engine, out, len(out), strike, len(strike))
            time_blocks(host.engine, out, len(out), durations, len(durations))
        _require_voices(host, voices)
        _silence(host, out)
        if number:  # the first round fills the caches
            steady.append(durations)
            strikes.append(strike)
    micros = np.concatenate(steady) / 1e3
    return _result(voices, block, micros, np.concatenate(strikes) / 1e3)


def _result(voices: int, block: int, micros: np.ndarray, strikes: np.ndarray) -> Result:
    period = 1e6 * block / SAMPLE_RATE
    name = f"callback/{voices} voices, {block} frames"
    result = summarize(name, _UNIT, micros)
    percent = {
        f"{figure}_percent": 100 * result.figures[figure] / period
        for figure in ("p50", "p99", "max")
    }
    result.facts.update(percent)
    result.facts.update(
        voices=voices,
        block=block,
        period=period,
        strike_p50=float(np.median(strikes)),
        strike_max=float(strikes.max()),
    )
    return result


def _breaks(results: list[Result], block: int) -> Result:
    """Where the cost passes the period, among the voices that were measured."""
    cases = [r for r in results if r.facts["block"] == block]
    broken = [r.facts["voices"] for r in cases if r.facts["p99_percent"] > 100]
    most = max(r.facts["voices"] for r in cases)
    facts = {
        "breaks_at": min(broken) if broken else None,
        "verdict": f"at {min(broken)}" if broken else f"> {most}",
    }
    return Result(f"breaks/{block} frames", "voices", {}, len(cases), facts)


def _strike(host: Host, voices: int) -> None:
    for i in range(voices):
        _push(host, events.NOTE_ON, _LOWEST_KEY + i, 1.0)


def _silence(host: Host, out: np.ndarray) -> None:
    _push(host, events.CONTROL, 120, 0.0)  # all sound off
    blocks = max(2, round(_SILENCE_SECONDS * SAMPLE_RATE / len(out)))
    times = np.zeros(blocks, np.int64)
    time_blocks(host.engine, out, len(out), times, blocks)
    _require_voices(host, 0)


def _push(host: Host, kind: int, key: int, value: float) -> None:
    event = events.new_event()
    event["time"], event["kind"] = events.AT_ONCE, kind
    event["key"], event["value"] = key, value
    push(host.engine.control_ring, host.engine.control_cursors, event[0])


def _require_voices(host: Host, voices: int) -> None:
    sounding = host.counts()["active_voices"]
    if sounding != voices:
        raise BenchError(
            f"{sounding} voices sound where {voices} were to be measured; "
            "the figures would not hold for them"
        )
