"""The benchmarks on a JACK server of their own, at their smallest."""

import pytest

from lab import gil, latency, soak
from lab.jack_server import missing
from lab.players.table import KINDS
from lab.session import Session

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(bool(missing()), reason=missing() or "there is JACK"),
]
NOTES = 4


def test_latency_hears_every_note_of_ours_and_of_a_peer():
    plan = latency.Plan(NOTES, ("jack",), ("asap",), ("pooled",), ("jack",))
    trip, ours, peer = latency.measure(Session(), plan)
    assert ours.name == "latency/ours, jack, asap, pooled"
    assert peer.what == KINDS["jack"].title
    assert trip.figures["min"] > 0
    for result in (trip, ours, peer):
        assert result.facts["notes"] == NOTES == result.samples
        assert result.facts["missed"] == 0
        assert len(result.values) == NOTES
    parts = ("block", "placement", "inference")
    assert ours.facts["reported"] == sum(ours.facts[f"reported_{p}"] for p in parts)


def test_gil_tells_how_long_the_interpreter_was_held():
    plan = gil.Plan(NOTES, 0.2, ("idle", "held"), ("jack",), ())
    nobody, idle, held = gil.measure(Session(), plan)
    assert nobody.samples == 0 and nobody.facts["xruns"] >= 0
    assert (idle.what, held.what) == ("ours, jack, idle", "ours, jack, held")
    assert idle.facts["held_seconds"] == 0 < held.facts["held_seconds"]
    for result in (idle, held):
        assert result.facts["missed"] == 0 and result.samples == NOTES
        assert result.facts["callbacks"] > 0


@pytest.mark.slow
def test_a_storm_leaves_no_note_and_nothing_unexplained():
    # Denser than the quick soak, so that it need not last a minute.
    plan = soak.Plan(minutes=0.4, per_second=600.0, chunk_seconds=3.0, hurry=5.0)
    (result,) = soak.measure(Session(), plan)
    facts = result.facts
    assert facts["note_ons"] > 5_000 and facts["swaps"] > 4
    assert facts["churn_error"] == ""
    assert facts["hung_notes"] == 0 and facts["silent_at_end"]
    assert facts["not_finite"] == facts["recording_lost_frames"] == 0
    assert facts["late_notes"] == facts["lost_notes"] == 0
    assert facts["recorded_seconds"] > 60 * plan.minutes
    # What the server brings in a cycle that it skips for us is lost before it is ours.
    assert facts["lost_events"] == 0 or facts["xruns"] > 0
    assert facts["lost_events"] < 0.01 * facts["note_ons"]


def test_a_peer_that_is_not_installed_is_noted(monkeypatch):
    session = Session()
    lacking = KINDS["rtmixer"].__class__("rtmixer", "", "", lambda: "pip install it")
    monkeypatch.setitem(KINDS, "rtmixer", lacking)
    plan = gil.Plan(1, 0.1, ("idle",), (), ("rtmixer",))
    assert [r.what for r in gil.measure(session, plan)] == ["nobody, idle"]
    assert session.notes == ["gil: rtmixer is left out; to have it: pip install it"]
