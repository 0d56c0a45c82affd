"""Files are written whole or not at all."""

import os

import pytest

from rtaudio_dl.files.atomic import write_whole


def test_an_older_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.json"
    for data in (b"older", b"newer"):
        write_whole(path, data)
        assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_write_that_fails_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_bytes(b"older")

    def fail(*_arguments):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"newer")
    assert path.read_bytes() == b"older"
    assert os.listdir(tmp_path) == ["a.json"]
