"""`rtaudio-dl show`: files, pictures, the terminal."""

import re

import numpy as np
import pytest
import soundfile

from rtaudio_dl.cli import main
from tests.listening import write_recording, write_tones


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    write_tones(tmp_path / "tones.onnx")
    write_recording(tmp_path / "tones.wav")
    return tmp_path


def test_a_picture_lies_here_and_what_is_heard_is_said(folder, capsys):
    assert main(["show", "tones.wav", "--model", "tones.onnx"]) == 0
    assert (folder / "tones.png").read_bytes().startswith(b"\x89PNG")
    said = capsys.readouterr().out
    assert "3.00 s" in said and "LUFS" in said
    assert re.search(r"low 0\.[56]\d s .*high 2\.[01]\d s", said)


def test_on_the_terminal_it_is_lines_and_no_file(folder, capsys):
    options = ["--screen", "--model", "tones.onnx"]
    assert main(["show", "tones.wav", *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 20 and all(len(line) <= 100 for line in lines)
    low = next(line for line in lines if line.lstrip().startswith("low"))
    assert "█" in low[12:45] and "█" not in low[60:]
    assert not (folder / "tones.png").exists()


def test_several_files_get_a_picture_each_and_a_bad_one_is_told(folder, capsys):
    soundfile.write(folder / "tones.flac", np.zeros(900), 8000)
    (folder / "junk.wav").write_bytes(b"junk")
    (folder / "out").mkdir()
    files = ["tones.wav", "tones.flac", "junk.wav"]
    assert main(["show", *files, "--out", "out", "--model", "none"]) == 1
    assert "junk.wav" in capsys.readouterr().out
    pictures = sorted(path.name for path in (folder / "out").iterdir())
    assert pictures == ["tones-1.png", "tones-2.png"]


def test_a_rate_that_no_model_takes_is_drawn_all_the_same(folder, capsys):
    soundfile.write("slow.wav", np.zeros(4000), 2000)
    assert main(["show", "slow.wav"]) == 0
    assert (folder / "slow.png").exists()
    assert "not listened to" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.wav"], ["missing.wav", "no such file"]),
        (["tones.wav", "--out", "x.jpg"], ["x.jpg", ".png"]),
        (["tones.wav", "--out", "no/x.png"], ["no folder"]),
        (["tones.wav", "tones.wav", "--out", "x.png"], ["x.png", "2 files"]),
        (["tones.wav", "--model", "drums"], ["oneshot", "classifier"]),
        (["tones.wav", "--model", "nope"], ["nope"]),
    ],
)
def test_errors_say_the_value_and_what_is_allowed(folder, capsys, arguments, words):
    assert main(["show", *arguments]) == 1
    error = capsys.readouterr().err
    assert all(word in error for word in words), error
    assert not list(folder.glob("*.png"))
