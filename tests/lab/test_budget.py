from pathlib import Path

import pytest

from lab.budget import Limit, judge, parse_budget, read_budget
from lab.errors import BenchError
from tests.lab.made_up import result

SHIPPED = Path(__file__).parents[2] / "configs" / "bench_budget.toml"


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (Limit("latency/*", "p99", at_most=3), True),
        (Limit("latency/*", "p99", at_most=2.9), False),
        (Limit("latency/*", "min", at_least=1), True),
        (Limit("latency/*", "min", at_least=1.1), False),
        (Limit("latency/*", "missed", at_most=0), True),
        (Limit("latency/*", "not measured", at_most=0), False),
    ],
)
def test_a_limit_holds_or_is_broken(limit, kept):
    (verdict,) = judge([result(missed=0)], [limit])
    assert verdict.kept is kept


def test_a_limit_on_what_was_not_run_says_nothing():
    assert judge([result()], [Limit("soak/*", "hung_notes", at_most=0)]) == []


def test_the_bounds_can_be_read():
    assert Limit("a", "p50", 2.0, 1.0).allowed == "at most 2, at least 1"


def row(**fields):
    return {"limit": [{"result": "a/*", "figure": "p99", "at_most": 1} | fields]}


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({}, r"has nothing; allowed: \[\[limit\]\]"),
        (row() | {"limits": 1}, "has limit, limits"),
        ({"limit": []}, "allowed"),
        (row(most=1), "most is unknown; allowed: result"),
        (row(result=3), "result is 3"),
        (row(at_most="1"), r"bounds are \['1'\]"),
        (row(at_most=True), "bounds are"),
        ({"limit": [{"result": "a", "figure": "p50"}]}, r"bounds are \[\]"),
    ],
)
def test_a_slip_of_the_pen_is_refused(fields, match):
    with pytest.raises(BenchError, match=match):
        parse_budget(fields, "file")


def test_the_shipped_budget_can_be_read():
    limits = read_budget(SHIPPED)
    groups = {limit.result.partition("/")[0] for limit in limits}
    assert groups == {"callback", "inference", "latency", "gil", "soak"}


def test_a_file_that_is_no_budget_is_named(tmp_path):
    (tmp_path / "b.toml").write_text("limit = [")
    with pytest.raises(BenchError, match="b.toml is not TOML"):
        read_budget(tmp_path / "b.toml")
    with pytest.raises(BenchError, match="cannot be read"):
        read_budget(tmp_path / "missing.toml")
