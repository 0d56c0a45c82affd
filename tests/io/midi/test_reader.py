"""The MIDI reader over real JACK ports: in order, in time, lossless, never hanging."""

import os
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from rtaudio_dl.core.control import pop, push
from rtaudio_dl.core.ring import DROPPED
from rtaudio_dl.engine.events import CONTROL, NANOSECONDS, NOTE_OFF, NOTE_ON, new_event
from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.midi.ports import Status
from rtaudio_dl.io.midi.reader import MidiReader, find_midi, list_midi_ports
from rtaudio_dl.io.shared import SharedRing
from tests.disturbed import undisturbed
from tests.jack import PERIOD, RATE, ROOT, JackProbe, until

READY_SECONDS = 20  # the first start ever compiles
ON, OFF = 0x90, 0x80


class Reading:
    """A reader, its ring, and what has come out of the ring so far."""

    def __init__(self, size=4096, port=None):
        self.ring = SharedRing.create(size)
        self.reader = MidiReader(self.ring, port)
        self.events = []
        self.said = []

    def __enter__(self):
        self.reader.start()
        assert self.reader.wait_until_ready(READY_SECONDS)
        return self

    def __exit__(self, *_):
        self.reader.stop()

    def drain(self):
        into = new_event()
        while pop(self.ring.ring, self.ring.cursors, into):
            self.events.append(into[0].copy())
        return self.events

    def wait_for(self, count):
        until(lambda: len(self.drain()) >= count)
        return self.events

    def notes(self, count):
        """The first notes; the end of an earlier source may come between."""

        def struck():
            return [e for e in self.drain() if e["kind"] == NOTE_ON]

        until(lambda: len(struck()) >= count)
        return struck()

    def wait_for_status(self, event):
        def found():
            self.said += self.reader.messages()
            return [s for s in self.said if s.event == event]

        return until(found)[0]

    def controls(self):
        return [
            (int(e["channel"]), int(e["key"]))
            for e in self.drain()
            if e["kind"] == CONTROL and e["value"] == 0
        ]


@pytest.fixture(scope="module")
def reading_of_module(jack_server_of_session):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in jack_server_of_session.environment.items():
            patch.setenv(name, value)
        with Reading() as reading:
            yield reading


@pytest.fixture
def reading(reading_of_module):
    """A reader that runs already, with nothing left from the test before."""
    reading_of_module.reader.messages()
    reading_of_module.drain()
    reading_of_module.events.clear()
    reading_of_module.said.clear()
    yield reading_of_module


pytestmark = pytest.mark.jack


def test_notes_arrive_in_order_with_their_values(reading, jack_probe):
    jack_probe.connect_midi(our_port(reading))
    jack_probe.run([(i * 100, (ON | 3, i, i + 1)) for i in range(100)], frames=12_000)
    events = reading.notes(100)
    assert [int(e["key"]) for e in events] == list(range(100))
    assert {int(e["channel"]) for e in events} == {3}
    assert {int(e["clock"]) for e in events} == {NANOSECONDS}
    values = [float(e["value"]) for e in events]
    assert np.allclose(values, (np.arange(100) + 1) / 127)


def notes_of(reading, probe, events, frames):
    """The events of a run during which the server met each of its deadlines."""

    def run():
        reading.events.clear()
        probe.run(events, frames)
        return reading.notes(len(events))

    return undisturbed(probe, run)


def test_stamps_tell_the_frame_and_not_the_period(reading, jack_probe):
    jack_probe.connect_midi(our_port(reading))
    frames = np.cumsum(np.arange(1, 100))  # every place in a period
    sent = [(int(f), (ON, 60, 1)) for f in frames]
    events = notes_of(reading, jack_probe, sent, frames=8000)
    stamps = np.array([e["time"] for e in events]) * 1e-9 * RATE
    # By the period they would be up to 127 frames off; the lab measures the rest.
    assert np.abs(np.diff(stamps) - np.diff(frames)).max() < PERIOD / 4


def test_stamps_are_on_the_clock_of_the_engine(reading, jack_probe):
    jack_probe.connect_midi(our_port(reading))
    before = time.perf_counter_ns()
    events = notes_of(reading, jack_probe, [(1000, (ON, 60, 1))], frames=2000)
    assert before < int(events[0]["time"]) < time.perf_counter_ns()


def test_a_held_interpreter_does_not_move_stamps(reading, jack_probe):
    jack_probe.connect_midi(our_port(reading))
    holding = threading.Timer(0.2, hold_interpreter)
    holding.start()
    sent = [(f, (ON, 60, 1)) for f in range(0, 48_000, 1000)]
    events = notes_of(reading, jack_probe, sent, frames=48_000)
    holding.join()
    stamps = np.array([e["time"] for e in events]) * 1e-9 * RATE
    # Had they waited for the interpreter, they would be thousands of frames off.
    assert np.abs(np.diff(stamps) - 1000).max() < PERIOD / 4


def hold_interpreter():
    """One bytecode that takes half a second: no other Python code runs meanwhile."""
    big = 10**500_000
    assert big * big


def coded(number):
    """A control message that holds an 18-bit number, and what it becomes."""
    return (0xB0 | number >> 14, number >> 7 & 127, number & 127)


def decoded(event):
    low = round(float(event["value"]) * 127)
    return int(event["channel"]) << 14 | int(event["key"]) << 7 | low


@pytest.mark.parametrize("size", [64, 4096])
def test_a_flood_is_lossless_even_when_the_ring_is_full(jack_server, jack_probe, size):
    count = 20_000
    with Reading(size) as reading:
        jack_probe.connect_midi(our_port(reading))
        # 100 in each period; nobody empties the ring meanwhile.
        events = [(i // 100 * 128 + i % 100, coded(i)) for i in range(count)]
        jack_probe.run(events, frames=200 * 128 + 4096)
        assert jack_probe.sent == count
        assert [decoded(e) for e in reading.wait_for(count)] == list(range(count))
        until(lambda: reading.reader.waits > 0)
        assert reading.ring.cursors[DROPPED] == 0


def test_bytes_that_are_no_channel_message_are_ignored(reading, jack_probe):
    jack_probe.connect_midi(our_port(reading))
    bad = [(0xF8,), (0xFE,), (ON,), (ON, 60), (0xF0, 1, 2), (ON, 200, 1), (1, 2)]
    sent = [(i * 100, message) for i, message in enumerate(bad)]
    jack_probe.run([*sent, (800, (ON, 61, 1))], frames=1000)
    assert jack_probe.sent == len(bad) + 1
    assert [int(e["key"]) for e in reading.notes(1)] == [61]


def our_port(reading):
    """A pattern for the port of a reader, whose name JACK may have numbered."""
    name = reading.reader.virtual_port.removeprefix("JACK port ")
    return f"^{re.escape(name)}$"


def test_a_source_that_vanishes_leaves_no_note(jack_server, reading):
    with JackProbe(jack_server, name="other") as probe:
        probe.connect_midi(our_port(reading))
        until(lambda: reading.reader.ports() == ["other-send:midi"])
        probe.run([(0, (ON | 2, 60, 1)), (1, (ON | 9, 36, 1))], frames=1000)
        reading.notes(2)
    expected = [(2, 64), (2, 123), (9, 64), (9, 123)]
    until(lambda: reading.controls()[-4:] == expected)
    until(lambda: reading.reader.ports() == [])
    reading.said += reading.reader.messages()
    assert Status("lost", "other-send:midi") in reading.said


def test_a_named_source_is_taken_and_taken_up_again(jack_server):
    with Reading(port="KEYS send") as reading:
        assert reading.wait_for_status("missing").port == "KEYS send"
        with JackProbe(jack_server, name="keys") as probe:
            assert reading.wait_for_status("connected").port == "keys-send:midi"
            probe.run([(0, (ON, 60, 1))], frames=500)
            reading.notes(1)
        reading.wait_for_status("lost")
        with JackProbe(jack_server, name="keys"):
            assert reading.wait_for_status("returned").port == "keys-send:midi"


def test_stop_ends_notes_and_may_be_called_twice(jack_probe):
    with Reading() as reading:
        port = our_port(reading)
        jack_probe.connect_midi(port)
        jack_probe.run([(0, (ON | 5, 60, 1))], frames=500)
        reading.wait_for(1)
        reading.reader.stop()
        reading.reader.stop()
        assert reading.controls()[:2] == [(5, 64), (5, 123)]
        assert jack_probe.ports(port) == []


@pytest.mark.parametrize("size", [16, 4096])  # the end of all notes is 32 events
def test_a_reader_that_crashes_is_replaced(jack_probe, size):
    with Reading(size) as reading:
        os.kill(reading.reader.pid, signal.SIGKILL)
        everything_off = [(c, k) for c in range(16) for k in (64, 123)]
        until(lambda: reading.controls() == everything_off)
        assert "restarting" in reading.wait_for_status("error").text
        until(lambda: reading.reader.virtual_port)
        jack_probe.connect_midi(our_port(reading))
        jack_probe.run([(0, (ON, 60, 1)), (9, (OFF, 60, 1))], frames=500)
        reading.wait_for(32 + 2)
        assert [int(e["kind"]) for e in reading.events[32:]] == [NOTE_ON, NOTE_OFF]


ORPHAN = """
import os, signal
from rtaudio_dl.io.midi.reader import MidiReader
from rtaudio_dl.io.midi.ports import Status
from rtaudio_dl.io.shared import SharedRing
reader = MidiReader(SharedRing.create())
reader.start()
assert reader.wait_until_ready(20)
print(reader.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_reader_ends_with_its_parent(jack_server):
    command = [sys.executable, "-c", ORPHAN]
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT)
    pid = int(done.stdout)
    until(lambda: not _runs(pid))


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_ports_are_listed_and_found(jack_probe):
    names = [port.name for port in list_midi_ports()]
    assert "probe-send:midi" in names
    assert [p.name for p in find_midi("probe-send")] == ["probe-send:midi"]
    with pytest.raises(DeviceError, match="there are: .*probe-send:midi"):
        find_midi("theremin")


@pytest.mark.skipif(os.path.exists("/dev/snd/seq"), reason="there is MIDI here")
def test_without_any_midi_it_says_why_and_goes_on(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "there is none of this name")
    with Reading() as reading:
        assert "no JACK server runs" in reading.wait_for_status("missing").text
        assert reading.reader.ports() == []


def test_notes_that_nobody_reads_do_not_keep_the_reader_from_ending(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "there is none of this name")
    with Reading(size=1) as reading:
        assert push(reading.ring.ring, reading.ring.cursors, new_event()[0])
        reading.reader.stop()
        assert reading.reader.pid is not None and not _runs(reading.reader.pid)
