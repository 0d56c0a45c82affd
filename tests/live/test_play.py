"""`rtaudio-dl play` as a user has it: a process of its own on a real JACK server."""

import contextlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from rtaudio_dl.replay import Replay
from tests.jack import PERIOD, RATE, ROOT, until

pytestmark = pytest.mark.jack
COMMAND = [sys.executable, "-u", "-m", "rtaudio_dl.cli", "play"]
START_SECONDS = 120  # the first start compiles
KICK, SNARE, OPEN_HAT = 36, 38, 46


@contextlib.contextmanager
def playing(server, *options, code=None):
    """The command, once other programs can play into it; ended in order."""
    command = COMMAND if code is None else [sys.executable, "-u", "-c", code]
    with subprocess.Popen(
        [*command, *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        env=server.environment | _environment(),
        cwd=ROOT,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def _environment():
    import os

    return dict(os.environ) | {"COLUMNS": "200"}


def wait_for_port(process, probe):
    """Connect the probe to a started program; its MIDI port appears last."""
    end = time.monotonic() + START_SECONDS
    while not probe.ports("^rtaudio_dl:midi_in"):
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < end
        time.sleep(0.1)
    time.sleep(1.0)  # patches are loaded after the ports are there
    probe.connect_midi("^rtaudio_dl:midi_in")
    probe.connect_audio("^rtaudio_dl:out_")


def finish(process):
    """End it as Ctrl-C does; what it printed."""
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=30)
    return text


def first_sound(audio, after):
    """The first frame that is louder than a hundredth of what follows."""
    part = np.abs(audio[after:]).max(axis=1)
    return after + int(np.argmax(part > 0.01 * part.max()))


def test_a_note_sounds_where_it_was_struck_and_is_recorded(
    jack_server, jack_probe, tmp_path
):
    take, flight = tmp_path / "take.wav", tmp_path / "take.flight"
    with playing(jack_server, "--record", take, "--flight", flight) as process:
        wait_for_port(process, jack_probe)
        struck = [(4800, SNARE), (14400, KICK), (24037, SNARE)]
        events = [(frame, bytes((0x99, key, 110))) for frame, key in struck]
        audio, _ = jack_probe.run(events, RATE)
        text = finish(process)
    assert process.returncode == 0, text
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
    with playing(jack_server, "--patch", "toms") as process:
        wait_for_port(process, jack_probe)
        jack_probe.run([(0, bytes((0x90, 60, 100)))], 4800)
        text = finish(process)
    assert process.returncode == 0 and "Played" in text
    until(lambda: not jack_probe.ports("^rtaudio_dl:"))


def test_sigterm_ends_in_order(jack_server, jack_probe, tmp_path):
    take = tmp_path / "take.flac"
    with playing(jack_server, "--record", take) as process:
        wait_for_port(process, jack_probe)
        jack_probe.run([(0, bytes((0x99, KICK, 100)))], 4800)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert soundfile.info(take).frames > 4800


BUSY = """
import sys, threading
import rtaudio_dl.cli

def burn():
    while True:
        sum(range(1000))

def hold():
    import time
    while True:
        _ = 10**400_000 * 10**400_000 % 7  # one call that does not let go of the GIL
        time.sleep(0.05)

for work in (burn, burn, hold):
    threading.Thread(target=work, daemon=True).start()
sys.exit(rtaudio_dl.cli.main(["play", *sys.argv[1:]]))
"""


def test_busy_python_in_the_same_process_makes_no_gap_of_ours(
    jack_server, jack_probe, tmp_path
):
    strikes = range(2400, 4 * RATE, 4800)
    events = [(f, bytes((0x99, KICK + i % 12, 100))) for i, f in enumerate(strikes)]
    with playing(jack_server, "--seconds", 60, code=BUSY) as process:
        wait_for_port(process, jack_probe)
        jack_probe.run(events, 4 * RATE)
        text = finish(process)
    facts = dict(
        (cell.strip() for cell in line.strip("│ \n").split("│", 1))
        for line in text.splitlines()
        if line.startswith("│")
    )
    assert facts["notes"] == f"{len(events)}, 0 late", text
    assert facts["own overruns"].startswith("0 of"), text


def test_names_that_match_nothing_list_the_choices(jack_server):
    with playing(jack_server, "--device", "no such card") as process:
        text, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "system" in text and "Traceback" not in text
    with playing(jack_server, "--patch", "no such patch") as process:
        text, _ = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 1 and "drums" in text and "toms" in text
