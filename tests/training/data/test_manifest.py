"""A manifest is read back as it was written, or it is refused with one clear line."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from training.data import manifest
from training.data.manifest import Entry, Manifest
from training.errors import DataError

CLAP = Entry(
    "a/1.wav", ("clap",), "train", 2, "ann", "CC0-1.0", 0.1, 2.5, {"pitch": "60"}
)
SNAP = Entry("b/2.wav", ("snap",))


def made(*entries: Entry, **changes) -> Manifest:
    return replace(
        Manifest("claps", Path("/sounds"), ("clap", "snap"), entries or (CLAP, SNAP)),
        **changes,
    )


def stored(folder: Path, **changes) -> Path:
    path = folder / "claps.csv"
    manifest.write(made(**changes), path)
    return path


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_it_comes_back_as_it_was(tmp_path):
    given_ = made(problems=("c.wav: missing",), licence="CC0-1.0")
    manifest.write(given_, tmp_path / "claps.csv")
    assert manifest.read(tmp_path / "claps.csv") == given_


def test_the_csv_opens_in_a_spreadsheet(tmp_path):
    with stored(tmp_path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["labels"] for row in rows] == ["clap", "snap"]
    assert [row["pitch"] for row in rows] == ["60", ""]


def test_several_labels_may_have_commas(tmp_path):
    labels = ("Male speech, man speaking", 'so-called "music"')
    both = replace(CLAP, labels=labels)
    given_ = made(both, labels=labels, multi_label=True)
    manifest.write(given_, tmp_path / "m.csv")
    assert manifest.read(tmp_path / "m.csv") == given_


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="|"), min_size=1)
TIMES = st.floats(0, 1e6)


@settings(deadline=None)
@example(group="\r", start=0.0, seconds=0.0, fold=0)
@given(group=NAMES, start=TIMES, seconds=TIMES, fold=st.integers(0, 99))
def test_any_value_comes_back(tmp_path_factory, group, start, seconds, fold):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    changed = replace(CLAP, group=group, start=start, seconds=seconds, fold=fold)
    manifest.write(made(changed), path)
    assert manifest.read(path).entries == (changed,)


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../a.wav", "a/../../b.wav", "C:/a.wav", "a\\b", "a\0b", "./a"],
)
def test_paths_never_leave_the_root(tmp_path, path):
    with pytest.raises(DataError, match="without '..'"):
        manifest.write(made(replace(CLAP, path=path)), tmp_path / "claps.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_not_utf_8_is_refused(tmp_path):
    with pytest.raises(DataError, match="in UTF-8"):
        manifest.write(made(replace(CLAP, path="a\udcff.wav")), tmp_path / "m.csv")


@pytest.mark.parametrize(
    "change, message",
    [
        ({"split": "dev"}, "split is 'dev'; allowed: train, valid, test"),
        ({"fold": -1}, "fold is -1"),
        ({"start": -0.5}, "start is -0.5"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"labels": ("clap", "snap")}, "2 labels; allowed: one"),
        ({"labels": ("boom",)}, "'boom' is not in the manifest's labels"),
    ],
)
def test_wrong_entries_are_named(tmp_path, change, message):
    with pytest.raises(DataError, match=f"a/1.wav.*{message}"):
        manifest.write(made(replace(CLAP, **change)), tmp_path / "claps.csv")


@pytest.mark.parametrize(
    "labels", [("clap", "clap", "snap"), ("a|b",), ("",), ("\x1b[2J",)]
)
def test_labels_must_be_distinct_and_plain(tmp_path, labels):
    with pytest.raises(DataError, match="labels must differ"):
        manifest.write(made(labels=labels), tmp_path / "claps.csv")


def test_the_name_is_a_plain_one(tmp_path):
    with pytest.raises(DataError, match="dataset is '../x'"):
        manifest.write(made(dataset="../x"), tmp_path / "claps.csv")


@pytest.mark.parametrize(
    "file, old, new, message",
    [
        ("claps.csv", "a/1.wav", "../1.wav", "without '..'"),
        ("claps.csv", "0.1", "soon", "not a manifest"),
        ("claps.csv", "labels", "label", "columns are"),
        ("claps.csv", ",2.5", "", "row 2 has 8 fields; the header 9"),
        ("claps.csv", "b/2.wav,snap,,0,,,0.0,0.0,\n", "", "1 entries, but.*says 2"),
        ("claps.json", '"format": 1', '"format": 7', "format is 7, allowed: 1"),
        ("claps.json", '"labels"', '"lables"', "not a manifest"),
        ("claps.json", "{", "", "not JSON"),
    ],
)
def test_spoilt_files_are_refused(tmp_path, file, old, new, message):
    path = stored(tmp_path)
    spoil(tmp_path / file, old, new)
    with pytest.raises(DataError, match=message):
        manifest.read(path)


def test_a_missing_manifest_is_said(tmp_path):
    with pytest.raises(DataError, match="none.json: cannot be read"):
        manifest.read(tmp_path / "none.csv")


def test_the_json_tells_where_the_sounds_are(tmp_path):
    stored(tmp_path, root=tmp_path / "sounds")
    about = json.loads((tmp_path / "claps.json").read_text())
    assert Path(about["root"]) == tmp_path / "sounds"
