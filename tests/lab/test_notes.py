"""The benchmark of streams on a JACK server of its own, at its smallest."""

import pytest

from lab import notes
from lab.jack_server import missing
from lab.session import Session

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(bool(missing()), reason=missing() or "there is JACK"),
]


def test_streams_are_counted_timed_and_swept():
    plan = notes.Plan((1, 2), 0.05, 4, 0.5)
    one, two, keys, sweep = notes.measure(Session(), plan)
    assert (one.what, two.what) == ("1 voices, 128 frames", "2 voices, 128 frames")
    for result in (one, two):
        facts = result.facts
        parts = facts["audio_percent"] + facts["worker_percent"]
        assert result.samples == 94 and facts["core_percent"] == pytest.approx(parts)
    assert keys.samples == 4 and keys.facts["missed"] == 0
    assert keys.facts["reported"] == 240
    assert sweep.facts["voices"] == notes.HELD
    assert sweep.facts["hops"] > notes.HELD * 100
    assert 1 <= sweep.facts["hops_per_run"] <= notes.HELD


def test_a_pad_goes_from_end_to_end():
    moves = notes._pad(2.0, 48_000)
    assert [frame for frame, _ in moves] == sorted(frame for frame, _ in moves)
    for control in (12, 13):
        values = {data[2] for _, data in moves if data[1] == control}
        assert min(values) == 0 and max(values) > 115
