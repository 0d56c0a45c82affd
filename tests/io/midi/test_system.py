"""The system's MIDI through rtmidi: here over its JACK API, whose ports are as real."""

import subprocess
import sys

import pytest

from rtaudio_dl.io.midi.ports import Status, wanted
from rtaudio_dl.io.midi.system import unique
from tests.jack import ROOT, JackProbe, until


@pytest.mark.parametrize(
    ("name", "query", "yes"),
    [
        ("Keystation 49 28:0", None, True),
        ("Midi Through:Midi Through Port-0 14:0", None, False),
        ("Midi Through:Midi Through Port-0 14:0", "through", True),
        ("rtaudio_dl:midi_in 128:0", None, False),
        ("Keystation 49 28:0", "key 49", True),
        ("Keystation 49 28:0", "launchpad", False),
    ],
)
def test_which_ports_are_wanted(name, query, yes):
    assert wanted(name, query) == yes


def test_ports_of_one_name_are_numbered():
    assert unique(["a", "b", "a", "a"]) == ["a", "b", "a #2", "a #3"]


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (Status("connected", "keys"), "MIDI input: keys"),
        (Status("returned", "keys"), "MIDI input is back: keys"),
        (Status("error", "keys", "is held"), "MIDI: keys is held"),
        (Status("missing", "", "no MIDI here"), "MIDI: no MIDI here"),
    ],
)
def test_a_status_reads_well(status, line):
    assert status.line() == line


# rtmidi brings a libjack of its own, which should not meet ours in one process.
READ = """
import sys, time
import rtmidi
from rtaudio_dl.io.midi.system import SystemMidi
from tests.jack import until
got = []
midi = SystemMidi(lambda *message: got.append(message), "other", rtmidi.API_UNIX_JACK)
print([s.event for s in midi.open_virtual()], midi.open_virtual())

def until_status(event):
    until(lambda: [s for s in midi.poll() if s.event == event])

until_status("connected")
print(midi.ports())
until(lambda: len(got) >= 2)
before = time.perf_counter_ns()
print([list(m[2]) for m in got], all(0 < before - m[1] < 10**10 for m in got))
until_status("lost")
print(midi.ports(), got[-1][2])
until_status("returned")
midi.close()
print("fine")
"""


@pytest.mark.jack
@pytest.mark.skipif(sys.platform != "linux", reason="rtmidi has JACK on Linux only")
def test_a_port_is_read_lost_and_read_again(jack_server):
    command = [sys.executable, "-c", READ]
    reader = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with JackProbe(jack_server, name="other") as probe:
        until(lambda: probe.ports("midi_in"))
        until(lambda: probe.ports("RtMidi|rtaudio_dl:midi_in"))
        assert "virtual" in reader.stdout.readline()
        assert "other-send:midi" in reader.stdout.readline()
        probe.run([(0, (0x90, 60, 1)), (300, (0x80, 60, 0))], frames=1000)
        assert reader.stdout.readline() == "[[144, 60, 1], [128, 60, 0]] True\n"
    assert reader.stdout.readline() == "[] None\n"
    with JackProbe(jack_server, name="other"):
        assert reader.stdout.readline() == "fine\n"
    assert reader.wait(10) == 0
