"""Folders in NSynth's format, ours and the release's."""

import json

import pytest

from tests.training.notes import tiny
from training.errors import DataError
from training.notes import nsynth


def write(folder, **changes):
    entry = tiny.example("bow", 60, 100) | changes
    folder.mkdir(parents=True, exist_ok=True)
    table = {k: v for k, v in entry.items() if v is not None}
    (folder / "examples.json").write_text(json.dumps({"note-060-100": table}))


def test_our_own_folder_says_its_splits(notes_folder):
    notes = nsynth.read(notes_folder)
    assert {n.split for n in notes} == {"train", "valid", "test"}
    assert {n.name for n in notes if n.split == "test"} == {"held"}
    assert (notes_folder / notes[0].path).is_file()


def test_the_release_has_a_folder_for_each_split(tmp_path):
    for name in ("nsynth-train", "nsynth-test"):
        write(tmp_path / name, split=None, group=None, preset=None)
    notes = nsynth.read(tmp_path)
    assert [n.split for n in notes] == ["train", "test"]
    assert notes[1].path == "nsynth-test/audio/note-060-100.wav"
    assert notes[1].name == notes[1].group == "string_acoustic_bow"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pitch": 200}, "pitch 200"),
        ({"velocity": 0}, "velocity 0"),
        ({"sample_rate": 44_100}, "allowed: 16000"),
        ({"split": "else"}, "allowed: train, valid, test"),
        ({"pitch": None}, "pitch"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, changes, words):
    write(tmp_path, **changes)
    with pytest.raises(DataError, match=words):
        nsynth.read(tmp_path)


def test_a_name_cannot_leave_the_folder(tmp_path):
    table = {"../../secret": tiny.example("bow", 60, 100)}
    (tmp_path / "examples.json").write_text(json.dumps(table))
    with pytest.raises(DataError, match="no path"):
        nsynth.read(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000])
def test_what_is_not_a_table_is_refused(tmp_path, text):
    (tmp_path / "examples.json").write_text(text)
    with pytest.raises(DataError, match=r"examples\.json"):
        nsynth.read(tmp_path)


def test_an_empty_folder_says_how_to_fill_it(tmp_path):
    with pytest.raises(DataError, match="prepare soundfont"):
        nsynth.read(tmp_path)
