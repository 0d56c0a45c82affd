import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.result import FIGURES, summarize

VALUES = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=300)


@given(VALUES)
def test_every_figure_is_a_value_that_was_seen(values):
    figures = summarize("a/b", "ms", values).figures
    assert tuple(figures) == FIGURES
    assert set(figures.values()) <= set(values)


@given(VALUES, st.sampled_from([("p50", 50), ("p95", 95), ("p99", 99)]))
def test_a_percentile_is_the_least_value_that_covers_its_share(values, percentile):
    name, percent = percentile
    figure = summarize("a/b", "ms", values).figures[name]
    assert np.mean(np.array(values) <= figure) >= percent / 100 - 1e-9
    assert np.mean(np.array(values) < figure) < percent / 100 + 1e-9


def test_nothing_heard_has_no_figures():
    empty = summarize("a/b", "ms", [])
    assert (empty.figures, empty.samples) == ({}, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("p50", 2.0), ("missed", 4.0), ("text", None), ("flag", None), ("other", None)],
)
def test_a_number_is_a_figure_or_a_numeric_fact(name, value):
    facts = {"missed": 4, "text": "4", "flag": True}
    assert summarize("a/b", "ms", [1, 2, 3], facts).number(name) == value


def test_a_name_has_a_group_and_what_it_is_of():
    named = summarize("latency/ours, a/b", "ms", [])
    assert (named.group, named.what) == ("latency", "ours, a/b")
