"""`prepare DATASET SRC` and `sort DATASET SRC DST`, as a user gives them."""

import json
import shutil

import pytest

from tests.training.data.layouts import sounds
from training import cli
from training.data import manifest


def run(*arguments) -> int:
    return cli.main([str(a) for a in arguments])


def test_prepare_writes_a_manifest_and_tells(published, tmp_path, capsys):
    out = tmp_path / "esc10.csv"
    assert run("prepare", "esc10", published("esc10"), "--out", out) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    folds = [f"fold {k}" for k in range(1, 6)]
    assert lines[0].split() == " ".join(["class", *folds, "all"]).split()
    assert lines[1].split() == ["dog_bark", "2", "2", "2", "2", "2", "10"]
    assert "clips" in said and "licences: CC-BY-3.0 (19), CC0-1.0 (1)" in said
    assert "fold 1: 4 clips, published: 80" in said
    assert len(manifest.read(out).entries) == 20


def test_faults_are_named_and_left_out(published, tmp_path, capsys):
    source, out = tmp_path / "fsdd", tmp_path / "m.csv"
    shutil.copytree(published("fsdd"), source)
    (source / "recordings" / "0_theo_0.wav").write_bytes(b"no")
    (source / "recordings" / "7_theo_0.wav").rename(source / "recordings" / "theo.wav")
    assert run("prepare", "fsdd", source, "--out", out, "--held-out", "theo") == 0
    said = capsys.readouterr().out
    assert "problem: recordings/0_theo_0.wav: unreadable: " in said
    assert "problem: recordings/theo.wav: not named DIGIT_SPEAKER_INDEX" in said
    made = manifest.read(out)
    assert len(made.entries) == 22
    assert {e.group for e in made.entries if e.split == "test"} == {"theo"}


def test_a_leaking_split_is_a_warning(published, tmp_path, capsys):
    out = tmp_path / "m.csv"
    assert run("prepare", "fsdd", published("fsdd"), "--out", out) == 0
    assert "warning: 3 sources, speakers or files are in two" in capsys.readouterr().out
    about = json.loads((tmp_path / "m.json").read_text())
    assert "leak: group theo is in the splits test, train" in about["problems"]
    group = ("--split", "group", "--seed", 1)
    assert run("prepare", "fsdd", published("fsdd"), "--out", out, *group) == 0
    assert "warning" not in capsys.readouterr().out


def test_many_problems_do_not_fill_the_screen(published, tmp_path, capsys):
    sounds(tmp_path / "in", *(f"{k}.wav" for k in range(40)), "clap/a/1.wav")
    out = tmp_path / "m.csv"
    assert run("prepare", "folder", tmp_path / "in", "--out", out) == 0
    said = capsys.readouterr().out
    assert said.count("problem: ") == 12
    assert f"… and 29 more problems, all of them in {tmp_path / 'm.json'}" in said


def test_the_manifest_goes_to_input(published, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("prepare", "speech_commands_v2", published("speech commands")) == 0
    folder = tmp_path / "input" / "manifests"
    assert sorted(p.name for p in folder.iterdir()) == [
        f"speech_commands_v2{end}" for end in (".audit.csv", ".csv", ".json")
    ]


def test_options_reach_the_adaptor(published, tmp_path, capsys):
    source, out = published("speech commands"), tmp_path / "m.csv"
    task = ("--task", 12, "--unknown", 100)
    assert run("prepare", "speech_commands_v2", source, "--out", out, *task) == 0
    assert "_unknown_" in manifest.read(out).labels


def test_sort_lays_and_tells(published, tmp_path, capsys):
    arguments = ("sort", "fsdd", published("fsdd"), tmp_path / "out")
    assert run(*arguments) == 0
    assert "24 laid into" in capsys.readouterr().out
    assert (tmp_path / "out" / "7" / "7_theo_49.wav").is_file()
    assert run(*arguments) == 0
    assert "0 laid into" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["prepare", "esc60", "x"], "no data set 'esc60'; known: folder"),
        (["prepare", "esc50"], "esc50 is a data set; name its folder after it"),
        (["prepare", "esc50", "none"], "none: no such folder"),
        (["prepare", "a", "b", "c"], "3 folders; allowed: [DATASET] SOURCE"),
        (["prepare", "esc50", ".", "--task", "12"], "esc50 has no option task"),
        (["sort", "fsdd", "none", "out"], "none: no such folder"),
    ],
)
def test_mistakes_end_with_one_line(arguments, message, capsys):
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
