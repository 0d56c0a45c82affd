"""The supervisor: a lost device is noticed, said once, and taken up again."""

import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import pytest

from rtaudio_dl.errors import DeviceError, EngineError
from rtaudio_dl.io.audio import supervisor
from rtaudio_dl.io.audio.supervisor import AudioSupervisor
from rtaudio_dl.io.midi.ports import Status
from tests.jack import ROOT, missing


@dataclass
class Device:
    label: str = "box (USB)"


class FakeStream:
    """A stream whose life and death a test decides; no real device dies on demand."""

    def __init__(self, closes=True):
        self.device, self.started, self.lives = Device(), False, True
        self.closed, self.closes, self.midi = 0, closes, []

    def start(self):
        self.started = True

    def alive(self):
        return self.lives

    def close(self):
        self.closed += 1
        return self.closes

    def poll_midi(self):
        found, self.midi = self.midi, []
        return found


class Rig:
    """A supervisor without its thread, and a device that comes and goes."""

    def __init__(self, monkeypatch, **options):
        monkeypatch.setattr(supervisor, "rescan", self.rescan)
        self.rescans, self.count, self.streams, self.said = 0, 0, [], []
        self.away: str | None = None
        self.supervisor = AudioSupervisor(
            self.open, lambda: self.count, self.said.append, retry=0.0, **options
        )

    def rescan(self):
        self.rescans += 1
        return True

    def open(self):
        if self.away is not None:
            raise DeviceError(self.away)
        self.streams.append(FakeStream())
        return self.streams[-1]

    def poll(self, times=1):
        for _ in range(times):
            self.supervisor.poll()


@pytest.fixture
def rig(monkeypatch):
    rig = Rig(monkeypatch)
    rig.supervisor._begin()
    return rig


def test_a_stream_that_lives_is_left_alone(rig):
    for _ in range(5):
        rig.count += 1
        rig.poll()
    assert (len(rig.streams), rig.said) == (1, [])
    assert rig.supervisor.stream is rig.streams[0]


def test_a_lost_device_is_said_once_and_closed_once(rig):
    rig.away = "not there"
    rig.streams[0].lives = False
    rig.poll(times=4)
    assert rig.said == [
        "audio device lost: box (USB); waiting for it",
        "audio device not back yet: not there",
    ]
    assert rig.streams[0].closed == 1
    assert rig.supervisor.stream is None


def test_it_is_taken_up_when_it_returns(rig):
    rig.away = "not there"
    rig.streams[0].lives = False
    rig.poll(times=3)
    rig.away = None
    rig.poll()
    assert rig.said[-1] == "audio device is back: box (USB)"
    assert rig.supervisor.stream is rig.streams[1]
    assert rig.streams[1].started
    assert rig.rescans == 3


def test_every_new_reason_is_said(rig):
    rig.streams[0].lives = False
    for reason in ("not there", "not there", "wrong rate"):
        rig.away = reason
        rig.poll(times=2)
    assert [line.rpartition(": ")[2] for line in rig.said[1:]] == [
        "not there",
        "wrong rate",
    ]


def test_a_device_that_stops_calling_counts_as_lost(monkeypatch):
    rig = Rig(monkeypatch, patience=0.05)
    rig.supervisor._begin()
    rig.poll()
    assert rig.said == []
    time.sleep(0.06)
    rig.poll()
    assert rig.said == ["audio device lost: box (USB); waiting for it"]


def test_a_driver_that_hangs_is_said(rig):
    rig.streams[0].lives = rig.streams[0].closes = False
    rig.poll()
    assert "restart this program" in rig.said[-1]


def test_midi_connections_of_the_stream_are_said(rig):
    rig.streams[0].midi = [Status("lost", "keys")]
    rig.poll(times=2)
    assert rig.said == [Status("lost", "keys").line()]


def test_start_fails_at_once_and_leaves_nothing(monkeypatch):
    rig = Rig(monkeypatch)
    rig.away = "not there"
    with pytest.raises(DeviceError, match="not there"):
        rig.supervisor.start()
    assert rig.supervisor.stream is None
    rig.supervisor.stop()


def test_stop_closes_and_may_be_repeated(monkeypatch):
    rig = Rig(monkeypatch)
    assert rig.supervisor.start() is rig.streams[0]
    rig.supervisor.stop()
    rig.supervisor.stop()
    assert rig.streams[0].closed == 1
    assert rig.supervisor.stream is None


SERVER_DIES = """
import os, signal, sys, time
from rtaudio_dl.io.audio.stream import AudioStream, find_output
from rtaudio_dl.io.audio.supervisor import AudioSupervisor
from tests.io.jack import native
from tests.jack import JackServer, until

server = JackServer().start()
os.environ.update(server.environment)
counts = native.new_counts()
calls = lambda: int(counts[native.CALLS])
said = []
device = find_output()
addresses = native.ramp.address, counts.ctypes.data
midi = {"midi_callback_address": native.heard.address}
supervisor = AudioSupervisor(
    lambda: AudioStream(*addresses, device, callbacks=calls, **midi), calls, said.append
)
supervisor.start()
for end in sys.argv[1:]:
    until(lambda: calls() > 10)
    if end == "hang":
        server.signal(signal.SIGSTOP)
        until(lambda: supervisor.stream is None)
        server.signal(signal.SIGCONT)
    getattr(server, {"hang": "kill"}.get(end, end))()
    until(lambda: supervisor.stream is None)
    assert any("lost" in line for line in said), said
    counts[native.CALLS] = 0
    server.start()
    until(lambda: any("is back" in line for line in said))
    said.clear()
until(lambda: calls() > 10)
supervisor.stop()
server.stop()
print("survived")
"""


@pytest.mark.jack
@pytest.mark.parametrize("ends", [["stop", "kill"], ["hang"]])
def test_a_jack_server_may_die_and_return(ends):
    if missing():
        pytest.skip(missing())
    command = [sys.executable, "-c", SERVER_DIES, *ends]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split()[-1:] == ["survived"], done.stderr


def test_a_watch_that_does_not_start_closes_the_stream(monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    rig = Rig(monkeypatch)
    with monkeypatch.context() as patch, pytest.raises(EngineError, match="no thread"):
        patch.setattr(threading.Thread, "start", refuse)
        rig.supervisor.start()
    assert rig.streams[0].closed == 1
    assert rig.supervisor.stream is None and not rig.supervisor.watching
    rig.supervisor.stop()
    assert rig.supervisor.start() is rig.streams[1]  # it may be tried again
    rig.supervisor.stop()


def test_a_stream_that_does_not_start_is_closed_whatever_the_reason(monkeypatch):
    def fail(_stream):
        raise MemoryError

    rig = Rig(monkeypatch)
    monkeypatch.setattr(FakeStream, "start", fail)
    with pytest.raises(MemoryError):
        rig.supervisor.start()
    assert rig.streams[0].closed == 1


def test_nothing_is_opened_after_the_end(rig):
    rig.supervisor.stop()
    rig.poll(times=3)
    assert len(rig.streams) == 1 and rig.supervisor.stream is None


@pytest.mark.parametrize("closes", [True, False])
def test_it_is_known_whether_a_driver_may_still_call(rig, closes):
    rig.streams[0].closes = closes
    rig.supervisor.stop()
    assert rig.supervisor.abandoned is not closes
