"""`rtaudio-dl play-file` on a real JACK server, and its keys."""

import os

import numpy as np
import pytest
import soundfile

from rtaudio_dl.cli.play_file import press, track_line
from rtaudio_dl.host.host import Host
from tests.jack import RATE, until
from tests.live.program import Program

SECONDS = 3.0


@pytest.fixture
def tone(tmp_path):
    """A file at another rate than the device's."""
    path = tmp_path / "tone.flac"
    audio = 0.4 * np.sin(2 * np.pi * 1000 / 44_100 * np.arange(int(SECONDS * 44_100)))
    soundfile.write(path, audio, 44_100)
    return path


@pytest.mark.jack
def test_a_file_is_heard_recorded_and_ends(jack_server, jack_probe, tone, tmp_path):
    take = tmp_path / "take.wav"
    with Program(jack_server, "play-file", tone, "--record", take) as program:
        program.wait_for("44100 Hz, mono")
        jack_probe.connect_audio("^rtaudio_dl:out_")
        audio, _ = jack_probe.run(frames=RATE // 2)
        assert program.wait() == 0, program.text
    assert "0.000 s that were not read in time" in program.text
    recorded, _ = soundfile.read(take)
    turns = np.exp(-2j * np.pi * 1000 / RATE * np.arange(RATE // 2))
    for heard in (audio, recorded[RATE : RATE + RATE // 2]):
        for side in heard.T:
            assert 2 * abs((side * turns).mean()) == pytest.approx(0.4, rel=1e-3)


@pytest.mark.jack
@pytest.mark.skipif(os.name == "nt", reason="has no pty")
def test_ctrl_c_ends_a_loop(jack_server, jack_probe, tone):
    options = ("--loop", "--pitch", "-12", "--patch", "drums")
    with Program(jack_server, "play-file", tone, *options) as program:
        program.wait_for("44100 Hz, mono")
        until(lambda: jack_probe.ports("^rtaudio_dl:out_"))
        assert program.end() == 0 and "Played" in program.text, program.text


def test_keys_pause_move_bend_loop_and_quit(tone):
    with Host() as host:
        track = host.play_file(tone, seek=1.0)
        for letter in " l++-↑↑":
            assert press(track, letter)
        assert track.paused and track.loop and track.pitch == pytest.approx(1)
        assert track.gain == pytest.approx(10**0.1)
        press(track, " ")
        press(track, "→")
        assert track.seconds == SECONDS and not track.paused
        press(track, "←")
        assert track.seconds == 0
        assert not press(track, "q")


def test_keys_stop_at_the_ends_of_their_ranges(tone):
    with Host() as host:
        track = host.play_file(tone)
        for _ in range(60):
            press(track, "-")
            press(track, "↑")
        assert track.pitch == pytest.approx(-24)
        assert 3.5 < track.gain <= 4


def test_the_line_tells_what_is_unusual(tone):
    with Host() as host:
        host.levels = (0.5, 0.1)
        track = host.play_file(tone, seek=1.5)
        assert "0:01.5" in track_line(host, track).plain
        assert "pitch" not in track_line(host, track).plain
        track.pitch, track.loop = 7, True
        line = track_line(host, track).plain
        assert "pitch +7" in line and "loop" in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.wav"], ["missing.wav", "no such file"]),
        (["{tone}", "--speed", "9"], ["speed is 9", "0.25 to 4"]),
    ],
)
def test_errors_are_told_before_a_device_is_opened(tone, capsys, arguments, words):
    from rtaudio_dl.cli import main

    assert main(["play-file", *(a.format(tone=tone) for a in arguments)]) == 1
    error = capsys.readouterr().err
    assert all(word in error for word in words), error
