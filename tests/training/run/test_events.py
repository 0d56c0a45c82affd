"""Events can be followed line by line, whatever happens to the writer."""

import json

from training.run.events import FILE, Events, read


def test_every_line_is_there_at_once(tmp_path):
    events = Events(tmp_path)
    events.tell("losses", 3, loss=0.5, nested={"a": [1.0]})
    (line,) = (tmp_path / FILE).read_text().splitlines()
    found = json.loads(line)
    assert found.pop("time") > 0
    assert found == {"event": "losses", "step": 3, "loss": 0.5, "nested": {"a": [1.0]}}


def test_numbers_that_are_not_finite_are_valid_json(tmp_path):
    events = Events(tmp_path)
    events.tell("losses", 1, a=float("nan"), b=float("inf"), c=[float("-inf")])
    assert "NaN" not in (tmp_path / FILE).read_text()
    (found,) = read(tmp_path)
    assert found["a"] is None and found["b"] is None and found["c"] == [None]


def test_a_torn_line_spoils_no_other(tmp_path):
    Events(tmp_path).tell("start", 0)
    with (tmp_path / FILE).open("a") as file:
        file.write('{"event": "los')
    assert [e["event"] for e in read(tmp_path)] == ["start"]
    Events(tmp_path).tell("start", 5)
    assert [e["step"] for e in read(tmp_path)] == [0, 5]


def test_a_folder_without_events_has_none(tmp_path):
    assert read(tmp_path) == []
