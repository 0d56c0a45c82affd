"""Whose a gap is: the machine's, if a thread that did nothing woke late beside it."""

from __future__ import annotations

import time

import numpy as np
import pytest

from rtaudio_dl.bench.witness import Witness, judge
from rtaudio_dl.host import Host
from rtaudio_dl.rt.counters import LATE_HOPS, UNDERRUNS
from rtaudio_dl.system import performance_clock

MS, SECOND = 1e6, 1e9
NOTHING = np.zeros((0, 2))


def seen(late=NOTHING, gaps=NOTHING):
    return judge(np.array(late, float), np.array(gaps, float), SECOND)


def test_a_gap_beside_a_late_waking_is_the_machines():
    facts = seen([(500 * MS, 4 * MS)], [(503 * MS, 2)])
    assert facts["gaps_of_the_machine"] == 2 and facts["gaps_of_ours"] == 0
    assert facts["machine_late"] == 1 and facts["machine_longest_ms"] == 4


def test_a_gap_while_the_machine_kept_time_is_ours():
    facts = seen([(500 * MS, 4 * MS)], [(200 * MS, 1), (530 * MS, 3)])
    assert facts["gaps_of_the_machine"] == 0 and facts["gaps_of_ours"] == 4


def test_a_gap_during_a_long_stop_is_the_machines():
    facts = seen([(500 * MS, 100 * MS)], [(410 * MS, 1)])
    assert facts["gaps_of_the_machine"] == 1


def test_how_much_time_counts_as_the_machines():
    # Two stops that overlap count once: 15 ms before, 10 ms of stops, 15 ms after.
    facts = seen([(500 * MS, 5 * MS), (505 * MS, 5 * MS)])
    assert facts["machine_percent"] == pytest.approx(4.0)


def test_nothing_seen_is_nobodys():
    facts = seen()
    assert facts["machine_late"] == facts["gaps_of_ours"] == 0
    assert facts["machine_percent"] == facts["machine_longest_ms"] == 0


def test_it_sees_gaps_when_they_happen():
    with Host() as host:
        clock = performance_clock()
        master = host.engine.master
        master["clock_address"], master["clock_id"] = clock.address, clock.id
        master["clock_tick"] = clock.tick
        counted = ["underruns", "late_hops"]
        witness = Witness(host.engine, 1.0, counted)  # late by 0.25 s: it never is
        witness.start()
        for _ in range(3):
            time.sleep(0.05)
            host.engine.counters[[UNDERRUNS, LATE_HOPS]] += 1
        time.sleep(0.05)
        facts = witness.stop()
    if witness.refused:
        pytest.skip(witness.refused)
    assert facts["gaps_of_ours"] + facts["gaps_of_the_machine"] == 6
