"""The process that tells how long TensorFlow takes."""

import io
import json
import sys

import pytest

from training import timing


@pytest.fixture
def answers(monkeypatch, capsys):
    def ask(*arguments, lines=()):
        monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
        timing.main(list(arguments))
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return ask


def test_it_counts_what_it_is_told_to_run(monkeypatch, answers):
    calls = []
    monkeypatch.setattr(timing, "prepared", lambda *_: lambda: calls.append(1))
    request = json.dumps({"command": "run", "count": 3})
    ready, times = answers("any.toml", "1", lines=[request])
    assert ready == {"answer": "ready"}
    assert len(times["answer"]) == len(calls) == 3
    assert all(t >= 0 for t in times["answer"])


def test_what_is_wrong_with_a_configuration_is_an_answer(tmp_path, answers):
    (answer,) = answers(str(tmp_path / "none.toml"), "1")
    assert "none.toml" in answer["error"]
