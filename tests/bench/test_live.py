"""The benchmarks on a JACK server of their own, at their smallest."""

import pytest

from rtaudio_dl.bench import gil, latency, soak
from rtaudio_dl.bench.jack_server import missing
from rtaudio_dl.bench.players.table import KINDS
from rtaudio_dl.bench.session import Session

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


def test_soak_loses_nothing_and_leaves_no_note():
    (result,) = soak.measure(Session(), soak.Plan(0.05, chunk_seconds=1.5))
    facts = result.facts
    assert facts["note_ons"] > 100 and facts["churn_error"] == ""
    assert (facts["lost_events"], facts["hung_notes"]) == (0, 0)
    assert facts["not_finite"] == 0
    assert facts["silent_at_end"] and facts["recorded_seconds"] > 3


def test_a_peer_that_is_not_installed_is_noted(monkeypatch):
    session = Session()
    lacking = KINDS["rtmixer"].__class__("rtmixer", "", "", lambda: "pip install it")
    monkeypatch.setitem(KINDS, "rtmixer", lacking)
    plan = gil.Plan(1, 0.1, ("idle",), (), ("rtmixer",))
    assert [r.what for r in gil.measure(session, plan)] == ["nobody, idle"]
    assert session.notes == ["gil: rtmixer is left out; to have it: pip install it"]
