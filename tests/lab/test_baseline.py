import pytest

from lab.baseline import compare, differences
from tests.lab.made_up import report, result


def ratios(now, before):
    changes = compare(report(result(values=now)), report(result(values=before)))
    return {change.figure: change.ratio for change in changes}


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ([4.0], [2.0], {"p50": 2.0, "p99": 2.0}),
        ([1.0], [4.0], {"p50": 0.25, "p99": 0.25}),
        ([1.0], [0.0], {"p50": None, "p99": None}),
        ([-1.0], [1.0], {"p50": None, "p99": None}),
        ([], [1.0], {}),
    ],
)
def test_ratios_are_now_over_before(now, before, expected):
    assert ratios(now, before) == expected


def test_only_what_both_have_in_one_unit_is_compared():
    now = report(result("a/1"), result("a/2", unit="ms"), result("a/3"))
    before = report(result("a/2"), result("a/3"), result("a/4"))
    assert {change.result for change in compare(now, before)} == {"a/3"}


def test_another_machine_and_a_quick_run_are_told():
    now = report(machine={"processor": "abacus", "load average": "9"}, quick=True)
    before = report(machine={"processor": "slide rule", "load average": "0"})
    assert differences(now, before) == [
        "processor: slide rule then, abacus now",
        "one of the two was a --quick run",
    ]
