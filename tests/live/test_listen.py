"""`rtaudio-dl listen` on a real JACK server: what it tells, sends and plays."""

import json
import socket
import time

import numpy as np
import pytest
import rtmidi
import soundfile
from pythonosc.osc_packet import OscPacket

from lab.jack_probe import JackProbe
from rtaudio_dl.cli import main
from tests.disturbed import undisturbed
from tests.jack import RATE
from tests.listening import HOP, tones, write_tones
from tests.listening import RATE as MODEL_RATE
from tests.live.program import Program

pytestmark = pytest.mark.jack
OUR_INPUTS, OUR_OUTPUTS = "^rtaudio_dl:in_", "^rtaudio_dl:out_"
READY = "listening to"
SOUND = tones(rate=RATE)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_tones(tmp_path_factory.mktemp("models") / "tones.onnx")


def told(lines):
    """What JSON lines say; other lines are for people."""
    return [json.loads(line) for line in lines if line.startswith("{")]


def play(probe: JackProbe, sound=SOUND):
    """Play into our inputs, and hear what comes out."""
    probe.connect_sound(OUR_INPUTS)
    return probe.run(frames=len(sound) + RATE // 2, sound=sound)[0]


def play_undisturbed(program, probe: JackProbe):
    """The events of a run in which server and clients kept their time."""

    def run():
        before = len(program.lines)
        play(probe)
        time.sleep(0.5)  # for the last line to be read
        return told(program.lines[before:])

    return undisturbed(probe, run)


def test_live_and_in_a_file_the_events_are_the_same(
    jack_server, jack_probe, model, tmp_path
):
    recording = tmp_path / "tones.wav"
    soundfile.write(recording, SOUND, RATE, "FLOAT")
    options = ("--model", model, "--json")
    with Program(jack_server, "listen", *options, "--file", recording) as program:
        assert program.wait() == 0, program.text
        *filed, summary = told(program.lines)
    facts = [(event["label"], event["on"]) for event in filed]
    assert facts == [("low", True), ("low", False), ("high", True), ("high", False)]
    assert summary["events"] == {"low": 1, "high": 1}
    assert summary["times_real_time"] > 1
    with Program(jack_server, "listen", *options) as program:
        program.wait_for(READY)
        live = play_undisturbed(program, jack_probe)
        assert program.end() == 0, program.text
    assert [(event["label"], event["on"]) for event in live] == facts
    # Live, hops begin with the microphone, in the file with the sound.
    offsets = [a["frame"] - b["frame"] for a, b in zip(live, filed, strict=True)]
    assert max(offsets) - min(offsets) <= HOP * RATE // MODEL_RATE
    *_, end = told(program.lines)
    assert end["type"] == "end" and 0 < end["cpu"] < 2


def received(server) -> list[tuple[str, list]]:
    """All OSC messages that wait in a socket."""
    messages = []
    server.setblocking(False)
    while True:
        try:
            packet = OscPacket(server.recv(65_536))
        except BlockingIOError:
            return messages
        messages += [(m.message.address, m.message.params) for m in packet.messages]


def test_events_and_scores_leave_as_osc(jack_server, jack_probe, model):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        address = f"127.0.0.1:{server.getsockname()[1]}"
        options = ("--model", model, "--osc", address, "--seconds", "20")
        with Program(jack_server, "listen", *options) as program:
            program.wait_for(READY)
            play(jack_probe)
            assert program.end() == 0, program.text
        messages = received(server)
    assert messages[0] == ("/rtaudio_dl/labels", ["_silence_", "low", "high"])
    events = [values for address, values in messages if address == "/rtaudio_dl/event"]
    assert [(e[0], e[3]) for e in events[:2]] == [("low", 1), ("low", 0)]
    for _, confidence, seconds, _ in events:
        assert 0.5 < confidence <= 1 and 0 < seconds < 200
    scores = [values for address, values in messages if address == "/rtaudio_dl/scores"]
    assert len(scores) > 20 and all(len(values) == 3 for values in scores)
    levels = [v for address, v in messages if address == "/rtaudio_dl/level"]
    assert max(level for (level,) in levels) == pytest.approx(0.3, abs=0.05)
    assert "low 1" in program.text and "high 1" in program.text  # the summary


def test_labels_play_notes_of_a_midi_port(jack_server, jack_probe, model):
    source = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="synthesiser")
    source.open_virtual_port("midi_in")
    options = ("--model", model, "--midi-out", "synthesiser")
    options += ("--map", "low=36", "--map", "high=38", "--midi-channel", "10")
    try:
        with Program(jack_server, "listen", *options) as program:
            program.wait_for(READY)
            low = SOUND[: int(0.9 * RATE)]  # it is on when the program ends
            jack_probe.connect_sound(OUR_INPUTS)
            jack_probe.run(frames=len(low), sound=low)
            assert program.end() == 0, program.text
        time.sleep(0.2)
        messages = []
        while (message := source.get_message()) is not None:
            messages.append(tuple(message[0]))
    finally:
        source.delete()
    assert [(status, key) for status, key, _ in messages] == [(0x99, 36), (0x89, 36)]
    assert messages[0][2] > 64


def test_a_stroke_plays_a_patch(jack_server, jack_probe):
    with Program(jack_server, "listen", "--patch", "taps") as program:
        program.wait_for(READY)
        jack_probe.connect_audio(OUR_OUTPUTS)
        stroke = np.zeros(RATE, np.float32)
        stroke[9600:12_600] = 0.7 * np.sin(np.arange(3000) / 5)
        audio = play(jack_probe, stroke)
        assert program.end() == 0, program.text
    assert np.abs(audio[:9600]).max() < 1e-3
    assert np.abs(audio[9600 : 9600 + RATE // 10]).max() > 0.05
    assert "onset 1" in program.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--device", "no such card"], "no such card"),
        (["--patch", "drums"], "no [ears]"),
        (["--model", "drums"], "oneshot"),
        (["--model", "onset", "--osc", "here"], "HOST:PORT"),
        (["--model", "onset", "--midi-out", "nowhere"], "nowhere"),
    ],
)
def test_errors_are_one_line(jack_server, capsys, options, words):
    assert main(["listen", *options]) == 1
    error = capsys.readouterr().err
    assert words in error.splitlines()[-1] and "Traceback" not in error
