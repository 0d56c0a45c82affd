"""`rtaudio-dl listen --file`, and what is seen live."""

import json
from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from rtaudio_dl.cli import main
from rtaudio_dl.cli.hears import Count, MidiSink, View, key_map
from rtaudio_dl.errors import EngineError
from rtaudio_dl.kinds.classifier.listener import Detection, FileListener, listen_file
from tests.listening import write_recording, write_tones


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tones(tmp_path / "tones.onnx")
    write_recording(tmp_path / "tones.wav")
    return tmp_path


def heard(label="go", on=True, time=1.0, confidence=0.9):
    return Detection(time, 0, label, confidence, on, 0.0, 0.0, 0.5, 0)


def listen(*options):
    return main(["listen", "--model", "tones.onnx", "--file", "tones.wav", *options])


def test_json_is_what_the_library_hears(folder, capsys):
    assert listen("--json") == 0
    *events, end = map(json.loads, capsys.readouterr().out.splitlines())
    told = list(listen_file("tones.wav", "tones.onnx"))
    assert [(e["frame"], e["label"], e["on"], e["confidence"]) for e in events] == [
        (d.frame, d.label, d.on, d.confidence) for d in told
    ]
    assert end["type"] == "end" and end["events"] == {"low": 1, "high": 1}
    assert end["seconds"] == 3 and end["times_real_time"] > 1


def test_lines_are_for_people_and_the_speed_is_told(folder, capsys):
    assert listen() == 0
    said = capsys.readouterr().out
    first, second = said.splitlines()[:2]
    assert first.split()[2:3] == ["low"] and second.split()[2:3] == ["high"]
    assert "times faster than real time" in said and "low 1, high 1" in said


def test_onsets_and_a_threshold_that_nothing_reaches(folder, capsys):
    assert listen("--onset", "--threshold", "1", "--json") == 0
    *events, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert {event["label"] for event in events} == {"onset"}


def test_it_stops_after_its_seconds(folder, capsys):
    assert listen("--json", "--seconds", "1") == 0
    *_, end = map(json.loads, capsys.readouterr().out.splitlines())
    assert end["events"] == {"low": 1} and end["seconds"] < 1.5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--file", "no.wav"], ["no.wav", "no such file"]),
        (["--patch", "ears"], ["--patch is for listening live"]),
        (["--midi-channel", "17"], ["17", "1 to 16"]),
        (["--channels", "left"], ["left", "1,2"]),
        (["--channels", "2"], ["1 to 1"]),
        (["--threshold", "2"], ["threshold", "2"]),
        (["--map", "low=3"], ["--midi-out"]),
        (["--osc", "nowhere"], ["nowhere", "HOST:PORT"]),
    ],
)
def test_errors_say_the_value_and_what_is_allowed(folder, capsys, options, words):
    assert listen(*options) == 1
    error = capsys.readouterr().err
    assert all(word in error.splitlines()[-1] for word in words), error


def test_keys_go_upwards_but_silence_has_none(folder):
    with FileListener("tones.wav", "tones.onnx") as listener:
        assert key_map(None, listener) == {"low": 60, "high": 61}
        assert key_map(["high=0", "low=127"], listener) == {"high": 0, "low": 127}
        for text, words in (
            ("_silence_=3", "no label '_silence_'"),
            ("low", "no label ''"),
            ("low=128", "note is '128'"),
            ("low=-1", "note is '-1'"),
        ):
            with pytest.raises(EngineError, match=words):
                key_map([text], listener)


class Notes:
    """A MIDI output that keeps what it is told."""

    def __init__(self):
        self.told = []

    def note_on(self, key, velocity, channel):
        self.told.append((key, velocity, channel))

    def note_off(self, key, channel):
        self.told.append((key, 0, channel))


def test_labels_without_a_key_are_silent_and_strokes_have_their_level():
    notes = Notes()
    sink = MidiSink(notes, {"go": 36, "onset": 38}, 9)
    for event in (heard(), heard("other"), heard(on=False), heard("onset")):
        sink.event(event)
    assert notes.told == [(36, 0.9, 9), (36, 0, 9), (38, 0.5, 9)]


def test_only_beginnings_count():
    count = Count()
    for event in (heard(), heard(on=False), heard(), heard("no")):
        count.event(event)
    assert count.line() == "go 2, no 1"


def test_the_view_shows_level_scores_and_the_latest_event_first():
    view = View(Text("status"))
    view.scores({"go": 0.9, "no": 0.1}, 0.5)
    view.event(heard("go", time=1.0))
    view.event(heard("go", on=False, time=2.0))
    view.event(heard("no", time=3.0))
    out = StringIO()
    Console(file=out, width=80).print(view)
    lines = out.getvalue().splitlines()
    assert "█" in lines[0] and lines[1].count("█") > lines[2].count("█")
    said = [line.split() for line in lines if " s " in line]
    assert [words[0] for words in said] == ["3.000", "1.000"]
    assert lines[-1].strip() == "status"


def test_many_classes_and_events_do_not_outgrow_the_screen():
    view = View(Text())
    view.scores({f"class {i}": i / 100 for i in range(100)}, 0.0)
    for i in range(100):
        view.event(heard(time=i))
    out = StringIO()
    Console(file=out, width=80).print(view)
    assert len(out.getvalue().splitlines()) <= 28
