"""libjack: its errors, and calls that hang."""

import os
import subprocess
import sys
import threading
import time

import pytest

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.jack import libjack
from rtaudio_dl.io.jack.libjack import Client, bounded, environment, no_server
from tests.jack import ROOT, missing


@pytest.mark.jack
def test_a_client_knows_its_server(jack_server):
    client = Client("tester")
    assert (client.name, client.sample_rate, client.period) == ("tester", 48_000, 128)
    assert "system:playback_1" in client.ports(libjack.AUDIO, libjack.IS_PHYSICAL)
    assert client.playback_targets()["system"] == [
        "system:playback_1",
        "system:playback_2",
    ]
    assert client.close()
    assert client.close()


@pytest.mark.jack
def test_two_clients_of_one_name_are_told_apart(jack_server):
    first, second = Client("tester"), Client("tester")
    assert first.name != second.name
    first.close()
    second.close()


@pytest.mark.jack
def test_ports_are_connected_by_name(jack_server):
    client = Client("tester")
    out = client.register("out", libjack.AUDIO, libjack.IS_OUTPUT)
    client.activate()
    assert client.port_name(out) == "tester:out"
    assert client.connect("tester:out", "system:playback_2")
    assert client.connections(out) == ["system:playback_2"]
    assert not client.connect("tester:out", "nobody:in")
    client.close()


@pytest.mark.jack
def test_a_port_name_is_used_once(jack_server):
    client = Client("tester")
    client.register("out", libjack.AUDIO, libjack.IS_OUTPUT)
    with pytest.raises(DeviceError, match="refused the port 'out'"):
        client.register("out", libjack.AUDIO, libjack.IS_OUTPUT)
    client.close()


def test_no_server_is_an_error_and_prints_nothing(monkeypatch, capfd):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "there is none of this name")
    assert not libjack.server_runs()
    with pytest.raises(DeviceError, match="JACK"):
        Client("tester")
    assert capfd.readouterr() == ("", "")


def test_no_library_is_an_error_that_says_what_to_install(monkeypatch):
    monkeypatch.setattr(libjack, "library", lambda: None)
    with pytest.raises(DeviceError, match="apt install"):
        Client("tester")


@pytest.mark.jack
def test_a_server_is_hidden_from_other_libraries_only_meanwhile(jack_server):
    before = dict(os.environ)
    with no_server():
        assert not libjack.server_runs()
    assert libjack.server_runs()
    assert dict(os.environ) == before == environment()


def test_a_call_that_hangs_is_left():
    assert bounded(lambda: None, seconds=5.0)
    assert not bounded(lambda: time.sleep(1.0), seconds=0.01)


def test_without_a_thread_a_call_is_made_all_the_same(monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    called = []
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert bounded(lambda: called.append(1), seconds=0.0)
    assert called == [1]


@pytest.mark.jack
@pytest.mark.parametrize(
    "use",
    [
        lambda client, port: client.name,
        lambda client, port: client.sample_rate,
        lambda client, port: client.period,
        lambda client, port: client.register("in", libjack.AUDIO, libjack.IS_INPUT),
        lambda client, port: client.on("process", 0, 0),
        lambda client, port: client.activate(),
        lambda client, port: client.deactivate(),
        lambda client, port: client.ports(libjack.AUDIO),
        lambda client, port: client.unregister(port),
        lambda client, port: client.playback_targets(),
        lambda client, port: client.connections(port),
        lambda client, port: client.port_name(port),
        lambda client, port: client.connect("a:b", "c:d"),
        lambda client, port: client.playback_latency(port),
    ],
)
def test_a_client_that_has_left_says_so(jack_server, use):
    """The library would crash over its pointer, or over a port that went with it."""
    client = Client("tester")
    port = client.register("out", libjack.AUDIO, libjack.IS_OUTPUT)
    client.close()
    with pytest.raises(DeviceError, match="has left its server; open a new one"):
        use(client, port)


LATE = """
import os, signal
from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.jack.libjack import Client
from tests.jack import JackServer, until

def name():
    client = Client("late")
    found = client.name
    client.close()
    return found

server = JackServer().start()
os.environ.update(server.environment)
server.signal(signal.SIGSTOP)
try:
    Client("late")
except DeviceError as error:
    assert "does not answer" in str(error), error
else:
    raise AssertionError("it answered")
server.signal(signal.SIGCONT)
# JACK numbers a name that another client still has.
until(lambda: name() == "late")
server.stop()
print("free")
"""


@pytest.mark.jack
def test_a_client_that_comes_too_late_is_closed():
    if missing():
        pytest.skip(missing())
    done = subprocess.run(
        [sys.executable, "-c", LATE], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.split()[-1:] == ["free"], done.stderr
