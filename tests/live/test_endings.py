"""However a live host ends: nothing crashes, hangs, or is left behind.

One process can use one server, and what fails here is a crash: each runs in a process
of its own.
"""

import subprocess
import sys

import pytest

from lab.jack_server import JackServer
from rtaudio_dl.core.control import push
from rtaudio_dl.engine.events import from_midi, new_event
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.live import LiveHost
from tests.jack import ROOT, JackProbe, lines_of, missing, until

pytestmark = pytest.mark.jack

WATCHED = """
import gc, os, sys, threading, time, weakref
from rtaudio_dl.errors import EngineError
from rtaudio_dl.io.jack.libjack import Client, AUDIO
from rtaudio_dl.host.live import LiveHost

def gone(references):
    gc.collect()
    return [reference() for reference in references if reference() is not None] == []

def references(host):
    "To a host, and to memory that native code wrote."
    engine = host.engine
    return [weakref.ref(x) for x in (host, engine.master, engine.midi_ring)]

def clients():
    "Names of the server's clients but the hardware, and but the one that asks."
    client = Client("asks")
    names = {port.partition(":")[0] for port in client.ports(AUDIO)}
    client.close()
    return names - {"system"}
"""

NO_THREAD = (
    WATCHED
    + """
start, path = threading.Thread.start, os.path.join(sys.argv[1], "take.wav")
left = -1

def refuse(thread):
    global left
    left -= 1
    if left == -1:
        print("refused", thread.name, flush=True)
        raise RuntimeError("can't start new thread")
    start(thread)

def play(host):
    host.start()
    host.record(path, overwrite=True)
    host.listen("onset")
    host.load("toms")
    host.load("notes")
    host.note_on(60)

others = clients()  # of the server, that are none of this program's
threading.Thread.start = refuse
left, number, failed = -1, 0, 0
while left < 0:
    left = number
    host = LiveHost()
    seen = references(host)
    try:
        play(host)
    except EngineError as error:
        assert "no thread for" in str(error), error
        failed += 1
    host.close()
    again, left = left, -1
    assert clients() == others, clients()
    assert threading.active_count() == 1, threading.enumerate()
    del host
    assert gone(seen), number
    left, number = again, number + 1
assert failed >= 5, failed
print("survived", flush=True)
"""
)

STOPPED = (
    WATCHED
    + """
import signal
import numpy as np
from tests.jack import JackServer, until

server = JackServer().start()
os.environ.update(server.environment)
for _ in range(3):
    host = LiveHost()
    host.start()
    host.load("drums")
    sounds = [weakref.ref(i.sounds) for i in host.instruments.values()]
    calls = host.engine.counters
    for key in range(36, 52):
        host.note_on(key)
    until(lambda: host.counts()["sounded"] >= 8)
    server.signal(signal.SIGSTOP)
    host.close()
    seen = [*references(host), *sounds]
    del host
    gc.collect()
    # JACK's thread may be anywhere in the callback: all that it reaches is there.
    assert all(reference() is not None for reference in seen), seen
    filled = [np.full(1 << 20, 0xFF, np.uint8) for _ in range(64)]
    before = int(calls[0])
    server.signal(signal.SIGCONT)
    until(lambda: clients() == set())
    # Whoever was closed plays no more.
    assert int(calls[0]) == before
    del filled, calls
server.stop()
print("survived", flush=True)
"""
)

LEAKS = (
    WATCHED
    + """
def files():
    return len(os.listdir("/proc/self/fd"))

def live():
    with LiveHost() as host:
        host.load("drums")
        host.note_on(36)
        host.listen("onset").events()
    return references(host)

def half():
    try:
        LiveHost(polyphony=0)
    except EngineError:
        return
    raise AssertionError("polyphony 0")

assert gone(live())  # what is loaded once, and kept
before = files()
for _ in range(4):
    half()
    assert gone(live())
assert files() == before, (files(), before)
assert gc.get_freeze_count() == 0  # it is the user's collector
print("survived", flush=True)
"""
)


@pytest.fixture
def run(tmp_path):
    if missing():
        pytest.skip(missing())

    def run(script, server=None):
        command = [sys.executable, "-c", script, str(tmp_path)]
        runs = subprocess.run if server is None else server.run
        options = {} if server is not None else {"cwd": ROOT}
        done = runs(command, capture_output=True, text=True, timeout=240, **options)
        words = (done.returncode, done.stdout, done.stderr)
        assert done.stdout.split()[-1:] == ["survived"] and not done.returncode, words
        return done.stdout

    return run


def test_a_thread_that_does_not_start_is_an_error_and_no_crash(run, jack_server):
    said = run(NO_THREAD, jack_server)
    names = (
        "sound worker",
        "stream worker",
        "audio supervisor",
        "MIDI reader",
        "tracks",
    )
    for name in (*names, "recorder", "bounded call"):
        assert f"refused {name}\n" in said


def test_a_server_that_was_stopped_may_go_on_when_the_host_is_gone(run):
    run(STOPPED)


def test_hosts_come_and_go_and_leave_nothing(run, jack_server):
    run(LEAKS, jack_server)


PEDAL = """
import sys, time
from rtaudio_dl.host.live import LiveHost

with LiveHost(say=lambda line: print(line, flush=True)) as host:
    host.load("notes")
    channels, before, end = host.engine.channels, None, time.monotonic() + 60
    print(f"port {host.midi_port.removeprefix('JACK port ')}", flush=True)
    while time.monotonic() < end:
        down = [i for i in range(16) if channels[i]["sustain"]]
        held = int((host.engine.voices["sustained"] == 1).sum())
        if (down, held) != before:
            before = down, held
            print(f"pedals {down} held {held}", flush=True)
        time.sleep(0.02)
"""


@pytest.mark.parametrize("notes", [[], [(10, (0x93, 60, 100)), (500, (0x83, 60, 0))]])
def test_a_pedal_is_lifted_when_the_server_dies_under_it(notes):
    if missing():
        pytest.skip(missing())
    with JackServer() as server, lines_of(server, PEDAL) as wait_for:
        wait_for("port")
        with JackProbe(server) as probe:
            probe.connect_midi("^rtaudio_dl.*:midi_in$")
            probe.run([(0, (0xB3, 64, 127)), *notes], frames=2000)
            wait_for(f"pedals [3] held {len(notes) // 2}")
            server.kill()
            wait_for("audio device lost")
        server.start()
        wait_for("pedals [] held 0")


def test_what_was_struck_without_a_device_is_not_owed_but_pedals_are(jack_server):
    with LiveHost() as host:
        host.load("drums")
        host.stop()
        ring, event = host._ring, new_event()
        for message in ((0x90, 36, 100), (0x91, 38, 100), (0xB2, 64, 127)):
            assert from_midi(event, bytes(message))
            assert push(ring.ring, ring.cursors, event[0])
        host.start()
        until(lambda: host.engine.channels[2]["sustain"])
        assert host.counts()["notes"] == 0


def test_a_closed_listener_does_not_begin_again(jack_server):
    with LiveHost() as host:
        listener = host.listen("onset")
        listener.start()  # it runs already
        listener.close()
        with pytest.raises(EngineError, match="the listener is closed; make a new one"):
            listener.start()
