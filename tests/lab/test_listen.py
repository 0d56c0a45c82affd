"""The listening benchmark at its smallest."""

from pathlib import Path

import pytest

from lab import listen
from lab.session import Session

CLIPS = Path(__file__).parent.parent / "clips"


@pytest.fixture(scope="module")
def results(jack_server_of_session, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    for path in CLIPS.glob("*.flac"):
        (folder / path.stem).mkdir()
        (folder / path.stem / path.name).write_bytes(path.read_bytes())
    plan = listen.Plan(words=2, strokes=3, runs=3, file_seconds=1.0, idle_seconds=0.3)
    found = listen.measure(Session(clips=folder), plan)
    return {result.name: result for result in found}


@pytest.mark.jack
def test_words_are_heard_live_as_in_a_file(results):
    live = results["listen/word's end to event, live"]
    filed = results["listen/word's end to event, from a file"]
    assert live.facts["words"] == filed.facts["words"] == 2
    assert filed.facts["right"] >= 1
    assert live.facts["right"] == live.samples
    assert 0 <= live.facts["same_labels_as_file"] <= 2


@pytest.mark.jack
def test_a_stroke_and_the_cost_are_measured(results):
    stroke = results["listen/stroke to its sound"]
    assert stroke.samples + stroke.facts["missed"] == 3
    cost = results["cost/this machine"].facts
    assert cost["file_times_real_time"] > 0
    assert results[f"listen/one inference of {listen.MODEL}"].samples == 3
