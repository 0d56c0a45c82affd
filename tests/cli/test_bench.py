"""``rtaudio-dl bench``: files are checked first, budgets make the exit status."""

import json
from pathlib import Path

import pytest

from lab import run as lab
from lab.result import summarize
from rtaudio_dl.cli import main

BUDGET = '[[limit]]\nresult = "latency/*"\nfigure = "p99"\nat_most = {}\n'


@pytest.fixture
def measured(monkeypatch):
    """All benchmarks, but nobody measures; what was asked for is kept."""
    asked = []

    class Benchmark:
        def __init__(self, name):
            self.name = name.rpartition(".")[2]

        def measure(self, session):
            asked.append((self.name, session.quick, session.peers, session.minutes))
            name = f"{self.name}/made up"
            return [summarize(name, "frames", [1, 2, 3], keep=True)]

    monkeypatch.setattr(lab, "import_module", Benchmark)
    return asked


def bench(*options):
    return main(["bench", *map(str, options)])


def test_all_are_run_where_none_is_named(measured, capsys):
    assert bench() == 0
    assert [name for name, *_ in measured] == list(lab.BENCHMARKS)
    assert "Measured on" in capsys.readouterr().out


def test_options_reach_the_benchmark(measured):
    bench("soak", "--quick", "--no-peers", "--minutes", 2)
    assert measured == [("soak", True, False, 2.0)]


def test_results_are_kept_and_drawn(measured, tmp_path):
    json_file, picture = tmp_path / "r.json", tmp_path / "p.png"
    assert bench("latency", "--json", json_file, "--plot", picture) == 0
    (result,) = json.loads(json_file.read_text())["results"]
    assert result["figures"]["p50"] == 2 and result["values"] == [1, 2, 3]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("at_most", "status"), [(3, 0), (2, 1)])
def test_a_broken_budget_is_the_exit_status(measured, tmp_path, at_most, status):
    budget = tmp_path / "b.toml"
    budget.write_text(BUDGET.format(at_most))
    assert bench("latency", "--budget", budget) == status


def test_a_baseline_is_compared(measured, tmp_path, capsys):
    before = tmp_path / "r.json"
    bench("latency", "--json", before)
    assert bench("latency", "--baseline", before) == 0
    assert "1.00 ×" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--json", "missing/r.json"), "there is no folder missing"),
        (("latency", "--plot", "p.jpg"), "pictures end in .png"),
        (("callback", "--plot", "p.png"), "callback has no histogram"),
        (("--baseline", "missing.json"), "missing.json cannot be read"),
        (("--budget", "missing.toml"), "missing.toml cannot be read"),
    ],
)
def test_a_wrong_file_is_told_before_anything_runs(measured, capsys, options, words):
    assert bench(*options) == 1
    assert words in capsys.readouterr().err
    assert measured == []
    assert not Path("r.json").exists()
