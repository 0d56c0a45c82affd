"""The commands that need no device, on the shipped model, patch and song."""

import hashlib

import numpy as np
import pytest
import soundfile

from rtaudio_dl.cli import main
from rtaudio_dl.cli.console import console
from rtaudio_dl.midi.songs import song_path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def render(tmp_path, name, *options):
    out = tmp_path / name
    assert main(["render", str(song_path()), "--out", str(out), *options]) == 0
    return out


def test_the_same_song_gives_the_same_bytes_and_a_seed_other_ones(tmp_path, capsys):
    first, again = render(tmp_path, "a.wav"), render(tmp_path, "b.wav")
    other = render(tmp_path, "c.wav", "--seed", "99")
    assert digest(first) == digest(again) != digest(other)
    assert "times faster than real time" in capsys.readouterr().out


def test_the_demo_is_a_sound_a_picture_and_a_table(tmp_path, capsys):
    assert main(["demo", "--silent", "--out", str(tmp_path)]) == 0
    audio, rate = soundfile.read(tmp_path / "demo.wav")
    assert rate == 48_000 and audio.shape[1] == 2
    assert 0.2 < np.abs(audio).max() <= 0.981
    assert np.abs(audio[-4800:]).max() < 1e-3  # it dies away
    assert (tmp_path / "demo.png").read_bytes().startswith(b"\x89PNG")
    table = capsys.readouterr().out
    assert "262 of 262 sounded" in table and "LUFS" in table


def test_flac_and_another_rate(tmp_path):
    out = render(tmp_path, "a.flac", "--rate", "44100", "--block", "333")
    assert soundfile.info(out).samplerate == 44_100


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--patch", "nope"], ["nope", "drums"]),
        (["--seed", "-1"], ["-1", "0 to"]),
        (["--polyphony", "1000"], ["1000", "1 to 64"]),
        (["--rate", "7"], ["7", "8000"]),
    ],
)
def test_bad_options_say_the_value_and_what_is_allowed(
    tmp_path, capsys, arguments, words
):
    out = tmp_path / "x.wav"
    command = ["render", str(song_path()), "--out", str(out), *arguments]
    assert main(command) == 1
    error = capsys.readouterr().err
    assert all(word in error for word in words), error
    assert not list(tmp_path.iterdir())


def test_bad_files_end_in_one_line(tmp_path, capsys):
    junk = tmp_path / "junk.mid"
    junk.write_bytes(b"MThd" + bytes(range(60)))
    for song, out in (
        (junk, tmp_path / "x.wav"),
        (tmp_path / "missing.mid", tmp_path / "x.wav"),
        (song_path(), tmp_path / "no folder" / "x.wav"),
        (song_path(), tmp_path / "x.mp3"),
    ):
        assert main(["render", str(song), "--out", str(out)]) == 1
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("rtaudio-dl: ")


def test_models_and_patches_are_listed(capsys, monkeypatch, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "broken.onnx").write_bytes(b"\x80\x04K\x01.")
    monkeypatch.setenv("RTAUDIO_DL_PATH", str(tmp_path))
    monkeypatch.setattr(console, "width", 300)
    assert main(["models"]) == 0
    listed = capsys.readouterr().out
    assert "drums" in listed and "oneshot" in listed and "not usable" in listed
    assert "commands" in listed and "hears 1.00 s" in listed
    assert main(["patches"]) == 0
    listed = capsys.readouterr().out
    assert "drums" in listed and "toms" in listed and "onset: onset" in listed


def test_a_way_between_timbres_is_sounds_and_a_picture(tmp_path, capsys):
    out = tmp_path / "way"
    command = ["morph", "Flute", "Strings", "--steps", "2", "--seconds", "0.3"]
    assert main([*command, "--out", str(out)]) == 0
    assert {p.name for p in out.iterdir()} == {
        "00.wav",
        "01.wav",
        "morph.wav",
        "morph.png",
    }
    assert "Flute to Strings" in capsys.readouterr().out


def test_a_recorded_note_becomes_a_timbre(tmp_path, capsys, monkeypatch):
    for variable in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    t = np.arange(3 * 48_000) / 48_000
    note = tmp_path / "note.wav"
    soundfile.write(note, 0.5 * np.sin(2 * np.pi * 440 * t), 48_000)
    picture = tmp_path / "map.png"
    assert main(["encode", str(note), "--name", "mine", "--map", str(picture)]) == 0
    told = capsys.readouterr().out
    assert "key 69.00" in told and 'morph.corners = ["mine"]' in told
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.rglob("timbres/mine.json"))) == 1


def test_an_unknown_timbre_is_told_with_those_there_are(tmp_path, capsys):
    command = ["morph", "Flute", "Nonesuch", "--out", str(tmp_path)]
    assert main(command) == 1
    told = capsys.readouterr().err
    assert "Nonesuch" in told and "Accordian" in told
