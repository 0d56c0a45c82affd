"""Whose a gap is: the machine's, if a thread that did nothing woke late beside it."""

from __future__ import annotations

import time

import numpy as np
import pytest

from lab.witness import Witness, judge
from rtaudio_dl.core.counters import LATE_HOPS, UNDERRUNS
from rtaudio_dl.host.host import Host

MS, SECOND = 1e6, 1e9


def seen(late=(), gaps=()):
    late = np.array(late, float).reshape(-1, 2)
    return judge(late, {"underruns": np.array(gaps, float)}, SECOND)


def test_a_gap_beside_a_late_waking_is_the_machines():
    facts = seen([(500 * MS, 4 * MS)], [503 * MS, 504 * MS])
    assert facts["underruns_of_the_machine"] == 2 and facts["underruns_of_ours"] == 0
    assert facts["machine_late"] == 1 and facts["machine_longest_ms"] == 4


def test_a_gap_while_the_machine_kept_time_is_ours():
    facts = seen([(500 * MS, 4 * MS)], [200 * MS, 530 * MS])
    assert facts["underruns_of_the_machine"] == 0 and facts["underruns_of_ours"] == 2


def test_a_gap_during_a_long_stop_is_the_machines():
    assert seen([(500 * MS, 100 * MS)], [410 * MS])["underruns_of_the_machine"] == 1


def test_how_much_time_counts_as_the_machines():
    # Two stops that overlap count once: 15 ms before, 10 ms of stops, 15 ms after.
    facts = seen([(500 * MS, 5 * MS), (505 * MS, 5 * MS)])
    assert facts["machine_percent"] == pytest.approx(4.0)


def test_nothing_seen_is_nobodys():
    facts = seen()
    assert facts["machine_late"] == facts["underruns_of_ours"] == 0
    assert facts["machine_percent"] == facts["machine_longest_ms"] == 0


def test_it_sees_gaps_when_they_happen():
    with Host() as host:
        counted = ["underruns", "late_hops"]
        witness = Witness(host.engine, 1.0, counted)  # late by 0.25 s: it never is
        witness.start()
        for _ in range(3):
            time.sleep(0.05)
            host.engine.counters[UNDERRUNS] += 1
            host.engine.counters[LATE_HOPS] += 2
        time.sleep(0.05)
        facts = witness.stop()
    if witness.refused:
        pytest.skip(witness.refused)
    for name, times in (("underruns", 3), ("late_hops", 6)):
        assert facts[f"{name}_of_ours"] + facts[f"{name}_of_the_machine"] == times
