"""The harness itself: its server starts and ends, its probe is there."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.jack import ROOT, JackProbe, JackServer, until

pytestmark = pytest.mark.jack


def test_the_probe_lists_the_ports_of_its_server(jack_probe):
    assert "system:playback_1" in jack_probe.ports()
    assert jack_probe.ports("nothing is called so") == []


def test_silence_is_recorded_as_silence(jack_probe):
    jack_probe.connect_audio("system:capture")
    audio, _ = jack_probe.run(frames=4800)
    assert audio.shape == (4800, 2)
    assert not audio.any()


def test_a_second_server_runs_beside_the_first(jack_server):
    with JackServer(rate=44_100, period=256) as other, JackProbe(other) as probe:
        assert other.name != jack_server.name
        audio, _ = probe.run(frames=1000)
        assert len(audio) == 1000


LEAVES = """
import os
from tests.jack import JackServer
print(JackServer().start().pid, flush=True)
os._exit(1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks for what Linux has alone")
def test_a_server_does_not_outlive_who_started_it():
    """A machine has room for eight: those of killed sessions would fill it."""
    command = [sys.executable, "-c", LEAVES]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    status = Path("/proc") / done.stdout.strip() / "status"
    until(lambda: not status.exists() or "State:\tZ" in status.read_text())
