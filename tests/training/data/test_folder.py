"""A folder of one's own: classes, sources, splits and its manifest.csv."""

import os

import pytest

from tests.training.data.layouts import lines, sounds
from training.data import registry
from training.errors import DataError


def build(source, **options):
    return registry.build("folder", source, split="official", **options)


def groups(source) -> dict[str, str]:
    return {e.path: e.group for e in build(source).entries}


def test_the_source_is_the_folder_below_the_class(published):
    made = build(published("folder"))
    assert made.entries[0].path == "clap/ann/1.wav"
    assert (made.entries[0].labels, made.entries[0].group) == (("clap",), "ann")


def test_the_source_may_begin_the_name(tmp_path):
    sounds(tmp_path / "clap", "ann-1.wav", "ann-2.wav", "bo-1.wav", "cy_1.wav")
    assert list(groups(tmp_path).values()) == ["ann", "ann", "bo", "cy"]


def test_numbered_files_count_as_sources_and_that_is_told(tmp_path):
    sounds(tmp_path / "clap", "clap 1.wav", "clap 2.wav", "clap 3.wav")
    made = build(tmp_path)
    assert {e.group for e in made.entries} == {e.path for e in made.entries}
    assert made.problems[0].startswith("clap: its names tell fewer than 3 sources")


def test_folders_of_splits_are_followed(tmp_path):
    names = [f"{s}/clap/{s}-{k}.wav" for s in ("train", "test") for k in (1, 2, 3)]
    sounds(tmp_path, *names)
    made = build(tmp_path)
    assert made.labels == ("clap",)
    assert {e.split for e in made.entries} == {"train", "test"}


def test_manifest_csv_is_followed(tmp_path):
    sounds(tmp_path, "a/1.wav", "b/2.wav")
    lines(
        tmp_path / "manifest.csv",
        "path,label,group,split,licence,source",
        "a/1.wav,kick,linn,train,CC0-1.0,https://example.org",
        "b/2.wav,snare,,test,CC0-1.0,",
    )
    first, second = build(tmp_path).entries
    assert (first.labels, first.group, first.split) == (("kick",), "linn", "train")
    assert first.extra == {"source": "https://example.org"}
    assert (second.group, second.split) == ("2", "test")
    assert build(tmp_path).licence == "CC0-1.0"


@pytest.mark.parametrize(
    "row, message",
    [
        ("../a.wav,kick,,,", "'../a.wav': path; allowed: relative"),
        ("/etc/passwd,kick,,,", "allowed: relative"),
        ("a/1.wav,kick,,dev,", "split is 'dev'; allowed: train, valid, test"),
        ("a/1.wav,kick,,,-1", "fold is '-1'; allowed: 0 to 999"),
    ],
)
def test_wrong_rows_are_refused(tmp_path, row, message):
    lines(tmp_path / "manifest.csv", "path,label,group,split,fold", row)
    with pytest.raises(DataError, match=message):
        build(tmp_path)


def test_loose_and_hidden_and_other_files_are_left_out(tmp_path):
    sounds(tmp_path, "loose.wav", *(f"clap/{who}/1.wav" for who in "abc"))
    sounds(tmp_path / "clap", ".hidden.wav", "._1.wav")
    lines(tmp_path / "clap" / "notes.txt", "not a sound")
    made = build(tmp_path)
    assert len(made.entries) == 3
    assert made.problems == ("loose.wav: in no folder of a class, left out",)


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    sounds(tmp_path / "outside", "secret.wav")
    sounds(tmp_path / "in", *(f"clap/{who}/1.wav" for who in "abc"))
    (tmp_path / "in" / "clap" / "b" / "2.wav").symlink_to(
        tmp_path / "outside/secret.wav"
    )
    (tmp_path / "in" / "snap").symlink_to(tmp_path / "outside")
    made = build(tmp_path / "in")
    assert [e.path for e in made.entries] == [f"clap/{who}/1.wav" for who in "abc"]
    folder, file = made.problems
    assert folder == "snap: link to a folder, not followed"
    assert file.startswith("clap/b/2.wav: link to a file outside")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_of_another_encoding_are_told(tmp_path):
    sounds(tmp_path, *(f"clap/{who}/1.wav" for who in "abc"))
    strange = os.fsencode(tmp_path / "clap") + b"/\xff.wav"
    with open(strange, "wb"):
        made = build(tmp_path)
    assert len(made.entries) == 3
    assert "name is not plain UTF-8" in made.problems[0]


def test_an_empty_folder_says_what_is_expected(tmp_path):
    with pytest.raises(DataError, match="no sounds; expected .*/CLASS/NAME.wav"):
        build(tmp_path)
