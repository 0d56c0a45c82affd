import json

import pytest

from lab.errors import BenchError
from lab.report import SCHEMA, from_json, read_report, write_report
from tests.lab.made_up import report, result


def test_what_is_written_is_read_again(tmp_path):
    kept = report(result(missed=0, note="–", lead=None), notes=("no CUDA",), quick=True)
    write_report(tmp_path / "r.json", kept)
    assert read_report(tmp_path / "r.json") == kept
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_the_schema_is_in_the_file():
    assert json.loads(report().to_json())["schema"] == SCHEMA


def test_infinity_and_nan_stay_out_of_the_file():
    text = report(result(ratio=float("inf"), other=float("nan"))).to_json()
    assert json.loads(text)["results"][0]["facts"] == {"ratio": None, "other": None}


def changed(**fields):
    return json.dumps(json.loads(report().to_json()) | fields)


def changed_result(**fields):
    first = json.loads(report().to_json())["results"][0]
    return changed(results=[first | fields])


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "is not JSON"),
        ("[]", "schema is <class 'list'>"),
        (changed(schema=2), "schema is 2; allowed: 1"),
        (changed(machine=None), "machine is None; allowed: a dict"),
        (changed(results=[1]), "a result is 1"),
        (changed_result(name=7), "name is 7; allowed: a str"),
        (changed_result(figures={"p12": 1}), "figures are p12; allowed: min"),
        (changed_result(figures={"p50": "x"}), "'x' is not a number"),
        (changed_result(values=[None]), "None is not a number"),
    ],
)
def test_anything_else_is_refused(text, match):
    with pytest.raises(BenchError, match=match):
        from_json(text, "file")


def test_files_that_cannot_be_used_are_named(tmp_path):
    with pytest.raises(BenchError, match="cannot be read.*--json"):
        read_report(tmp_path / "missing.json")
    with pytest.raises(BenchError, match="cannot be written"):
        write_report(tmp_path / "missing" / "r.json", report())
