"""Tables and pictures of made-up results."""

import io

import pytest
from rich.console import Console

from lab.baseline import compare
from lab.budget import Limit, judge
from lab.errors import BenchError
from lab.plots import draw_report
from lab.result import Result
from lab.tables import baseline_table, budget_table, number, result_tables
from tests.lab.made_up import report, result


def shown(*tables, width=120):
    console = Console(width=width, record=True, file=io.StringIO())
    for table in tables:
        console.print(table)
    return console.export_text()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (3, "3"),
        (3.0, "3"),
        (0.123456, "0.1235"),
        (12.34567, "12.35"),
        (54321.6, "54322"),
        ("> 64", "> 64"),
    ],
)
def test_numbers_are_short(value, text):
    assert number(value) == text


def test_each_group_has_a_table_with_its_figures_and_facts():
    soak = Result("soak/jack", "", {}, 9, {"hung_notes": 0})
    text = shown(*result_tables([result(missed=7), soak]))
    assert "Latency" in text and "ours, asap" in text and "7" in text
    assert "hung notes" in text


def test_numbers_are_whole_on_a_narrow_terminal():
    facts = {"jitter": 1234.0, "reported": 2345, "missed": 345}
    text = shown(*result_tables([result(values=[-987.0] * 384, **facts)]), width=80)
    for value in ("1234", "2345", "345", "-987", "384"):
        assert value in text.split()


def test_budgets_and_baselines_are_shown():
    limits = [Limit("latency/*", "p99", at_most=1), Limit("latency/*", "x", at_most=1)]
    text = shown(
        budget_table(judge([result()], limits)),
        baseline_table(compare(report(), report())),
    )
    for words in ("broken", "not measured", "at most 1", "1.00 ×"):
        assert words in text


def test_a_picture_is_drawn_of_what_kept_its_samples(tmp_path):
    path = tmp_path / "p.png"
    draw_report(path, [result(), result("gil/held"), Result("a/b", "", {}, 0)], "title")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in tmp_path.iterdir()] == ["p.png"]


def test_no_picture_of_nothing_or_of_another_kind(tmp_path):
    with pytest.raises(BenchError, match="no histogram"):
        draw_report(tmp_path / "p.png", [Result("a/b", "", {}, 0)], "title")
    with pytest.raises(BenchError, match="end in .png"):
        draw_report(tmp_path / "p.jpg", [result()], "title")
