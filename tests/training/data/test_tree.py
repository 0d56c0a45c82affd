"""What counts as a sound of a data set."""

import pytest

from tests.training.data.layouts import sounds
from training.data import tree
from training.data.tree import Tree
from training.errors import DataError


@pytest.fixture
def made(tmp_path) -> Tree:
    sounds(tmp_path, "b/2.wav", "b/1.flac", "a/1.WAV", "top.ogg", ".git/3.wav")
    (tmp_path / "b" / "readme.txt").touch()
    return Tree(tmp_path)


def test_paths_are_in_order(made):
    assert made.paths == ("a/1.WAV", "b/1.flac", "b/2.wav", "top.ogg")
    assert made.folders() == ["a", "b"]
    assert made.under("b") == ["b/1.flac", "b/2.wav"]


def test_another_format_is_the_same_sound(made):
    assert made.like("b/1.wav") == "b/1.flac"
    assert made.like("b/9.wav") == "b/9.wav"
    assert "b/1.flac" in made and "b/1.wav" not in made


def test_a_name_is_found_wherever_it_is(made):
    assert made.named("1") == "a/1.WAV"
    assert made.named("9") == ""


@pytest.mark.parametrize("path", ["", "/", ".", "..", "a/", "\0"])
def test_anything_may_be_asked_for(made, path):
    assert made.like(path) == path


def test_too_many_files_are_refused(made, monkeypatch):
    monkeypatch.setattr(tree, "MAX_FILES", 2)
    with pytest.raises(DataError, match="more than 2 sound files"):
        Tree(made.root)
