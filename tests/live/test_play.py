"""`rtaudio-dl play` as a user has it: a process of its own on a real JACK server."""

import signal
import subprocess

import numpy as np
import pytest
import soundfile

from rtaudio_dl.recording.replay import Replay
from tests.jack import PERIOD, RATE, until
from tests.live.program import Program

pytestmark = pytest.mark.jack
READY = "MIDI port"  # said once a patch can be played
KICK, SNARE, OPEN_HAT = 36, 38, 46


class Playing(Program):
    """`rtaudio-dl play`, or code that gets its options."""

    def __init__(self, server, *options, code=None, **others):
        start = [] if code else ["play"]
        super().__init__(server, *start, *options, code=code, **others)

    def connect(self, probe):
        """Connect a probe, once the patch is loaded and what it says is said."""
        self.wait_for(READY)
        probe.connect_midi("^rtaudio_dl:midi_in")
        probe.connect_audio("^rtaudio_dl:out_")


def first_sound(audio, after):
    """The first frame that is louder than a hundredth of what follows."""
    part = np.abs(audio[after:]).max(axis=1)
    return after + int(np.argmax(part > 0.01 * part.max()))


def test_a_note_sounds_where_it_was_struck_and_is_recorded(
    jack_server, jack_probe, tmp_path
):
    take, flight = tmp_path / "take.wav", tmp_path / "take.flight"
    with Playing(jack_server, "--record", take, "--flight", flight) as program:
        program.connect(jack_probe)
        struck = [(4800, SNARE), (14400, KICK), (24037, SNARE)]
        events = [(frame, bytes((0x99, key, 110))) for frame, key in struck]
        audio, _ = jack_probe.run(events, RATE)
        assert program.end() == 0, program.text
    assert np.abs(audio[:4800]).max() < 1e-6
    onsets = [first_sound(audio[: frame + 4000], frame) for frame, _ in struck]
    # The way through the probe and back takes one period; a drum rises within 2 ms.
    for onset, (frame, _) in zip(onsets, struck, strict=True):
        assert 0 <= onset - frame <= PERIOD + 0.002 * RATE
    recorded, rate = soundfile.read(take, dtype="float32")
    assert rate == RATE and np.abs(recorded).max() > 0.1
    assert not take.with_name("take.wav.part").exists()
    replay = Replay(flight)
    rendered = replay.render()
    (first, last), *_ = replay.taps
    assert last - first >= len(recorded) > RATE
    np.testing.assert_array_equal(rendered[first : first + len(recorded)], recorded)


def test_no_note_hangs_after_the_end(jack_server, jack_probe):
    with Playing(jack_server, "--patch", "toms") as program:
        program.connect(jack_probe)
        jack_probe.run([(0, bytes((0x90, 60, 100)))], 4800)
        assert program.end() == 0 and "Played" in program.text
    until(lambda: not jack_probe.ports("^rtaudio_dl:"))


def test_sigterm_ends_in_order(jack_server, jack_probe, tmp_path):
    take = tmp_path / "take.flac"
    with Playing(jack_server, "--record", take) as program:
        program.connect(jack_probe)
        jack_probe.run([(0, bytes((0x99, KICK, 100)))], 4800)
        assert program.end(signal.SIGTERM) == 0, program.text
    assert soundfile.info(take).frames > 4800


BUSY = """
import sys, threading, time
import rtaudio_dl.cli

def burn():
    while True:
        sum(range(1000))

def hold():
    while True:
        _ = 10**400_000 * 10**400_000 % 7  # one call that does not let go of the GIL
        time.sleep(0.05)

def be_busy():
    sys.stdin.readline()  # when it plays: busy threads only make the start long
    for work in (burn, burn, hold):
        threading.Thread(target=work, daemon=True).start()
    print("busy", flush=True)

threading.Thread(target=be_busy, daemon=True).start()
sys.exit(rtaudio_dl.cli.main(["play", *sys.argv[1:]]))
"""


def test_busy_python_in_the_same_process_makes_no_gap_of_ours(
    jack_server, jack_probe, tmp_path
):
    strikes = range(2400, 4 * RATE, 4800)
    events = [(f, bytes((0x99, KICK + i % 12, 100))) for i, f in enumerate(strikes)]
    with Playing(jack_server, code=BUSY, stdin=subprocess.PIPE) as program:
        program.connect(jack_probe)
        program.process.stdin.write("\n")
        program.process.stdin.close()
        program.wait_for("busy")
        jack_probe.run(events, 4 * RATE)
        assert program.end() == 0
        text = program.text
    facts = dict(
        (cell.strip() for cell in line.strip("│ \n").split("│", 1))
        for line in text.splitlines()
        if line.startswith("│")
    )
    assert facts["notes"] == f"{len(events)}, 0 late", text
    assert facts["own overruns"].startswith("0 of"), text


def test_names_that_match_nothing_list_the_choices(jack_server):
    with Playing(jack_server, "--device", "no such card") as program:
        assert program.wait() == 1
        assert "system" in program.text and "Traceback" not in program.text
    with Playing(jack_server, "--patch", "no such patch") as program:
        assert program.wait() == 1
        assert "drums" in program.text and "toms" in program.text
