"""Many may watch a host: none takes anything from another, none disturbs the sound."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from rtaudio_dl.engine.events import NOTE_ON
from rtaudio_dl.engine.telemetry import EVENT_CELLS, SOUND_FRAMES
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.host import Host
from rtaudio_dl.host.watch import attach
from tests.jack import ROOT

RATE = 48_000
FRAMES = 101 * 960  # of what is played for readers

# A process that watches until the end, but looks away until a frame has been played.
READER = """
import hashlib, json, sys, time
from rtaudio_dl.host.watch import attach
watch = attach(sys.argv[1])
print("watching", flush=True)
digest, frames, keys = hashlib.sha256(), 0, []
while watch.status()["frame"] < int(sys.argv[2]):
    time.sleep(0.01)
ended = False
while not ended:
    # An event is told when it is applied, the sound of its block after that.
    ended = sys.argv[3] == str(watch.status()["frame"])
    time.sleep(0.01)
    keys += watch.events()["key"].tolist()
    sound = watch.output()
    digest.update(sound.tobytes())
    frames += len(sound)
try:
    watch._telemetry.array["status"]["frame"] = 0
    can_write = True
except ValueError:
    can_write = False
print(json.dumps([digest.hexdigest(), frames, keys, watch.lost, can_write]))
"""


@pytest.fixture
def host():
    with Host(RATE, provider="cpu") as host:
        yield host


def strike(host, count: int, every: float = 0.01) -> None:
    for i in range(count):
        host.note_on(36 + i % 12, 0.5, at=host.seconds + i * every)


def test_readers_do_not_steal_from_each_other(host):
    host.load("drums")
    one, two = host.watch(), host.watch()
    strike(host, 20)
    audio = host.render(0.3)
    for watch in (one, two):
        np.testing.assert_array_equal(watch.output(), audio)
        assert len(watch.output()) == 0
        struck = watch.events()["kind"] == NOTE_ON
        assert struck.sum() == 20 and len(watch.events()) == 0
        assert not any(watch.lost.values())
        status = watch.status()
        assert status["frame"] == host.frame and status["sample_rate"] == RATE
        assert watch.levels == tuple(status["peak"]) and min(watch.levels) > 0


def test_who_begins_later_sees_what_is_later(host):
    strike(host, 3)
    host.render(0.1)
    watch = host.watch()
    assert len(watch.events()) == 0
    strike(host, 2)
    host.render(0.1)
    assert len(watch.events()) == 2


def test_what_a_slow_reader_lost_is_counted_and_the_rest_is_there(host):
    watch = host.watch()
    strike(host, EVENT_CELLS + 10, every=0.0005)
    host.render(3.0)
    assert len(watch.events()) == EVENT_CELLS
    assert len(watch.output()) == SOUND_FRAMES
    assert watch.lost["event"] == 10
    assert watch.lost["output"] == 3 * RATE - SOUND_FRAMES


def test_a_status_is_there_before_the_first_block(host):
    status = host.watch().status()
    assert (status["frame"], status["sample_rate"], status["tempo"]) == (0, RATE, 120)
    assert host.watch().detections() == []


def test_a_closed_host_is_not_watched():
    with Host(RATE, provider="cpu") as host:
        watch = host.watch()
    with pytest.raises(EngineError, match="the host is closed"):
        host.watch()
    assert watch.status()["frame"] == 0  # who has a view of it keeps it


@pytest.mark.parametrize("name", ["-1", "x", "99999"])
def test_what_is_not_there_is_an_error(name):
    with pytest.raises(EngineError, match="shared memory"):
        attach(name)


def begin_reader(host, frame: int) -> subprocess.Popen:
    shared = host.engine.watched.shared
    process = subprocess.Popen(
        [sys.executable, "-c", READER, shared.name, str(frame), str(FRAMES)],
        stdout=subprocess.PIPE,
        pass_fds=[shared.descriptor],
        cwd=ROOT,
        text=True,
    )
    assert process.stdout.readline() == "watching\n"
    return process


def play(host, watched: bool) -> np.ndarray:
    """Two seconds of notes, at about the pace at which a device would play them."""
    host.load("drums")
    strike(host, 180)
    parts = []
    for _ in range(100):
        parts.append(host.render(0.02))
        if watched:
            time.sleep(0.02)
    parts.append(host.render(0.02))
    assert host.frame == FRAMES
    return np.concatenate(parts)


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are inherited")
def test_readers_in_other_processes_fast_and_slow(host):
    import hashlib

    fast, slow = begin_reader(host, 0), begin_reader(host, 2 * RATE)
    audio = play(host, watched=True)
    answers = []
    for reader in (fast, slow):
        out, _ = reader.communicate(timeout=60)
        assert reader.returncode == 0
        answers.append(json.loads(out))
    with Host(RATE, provider="cpu") as alone:
        np.testing.assert_array_equal(play(alone, watched=False), audio)
    (digest, frames, keys, lost, can_write), late = answers
    assert frames == len(audio) and not any(lost.values())
    assert digest == hashlib.sha256(audio.tobytes()).hexdigest()
    # The slow one misses sound, which it is told, but not one event.
    assert late[2] == keys and len(keys) > 180 and late[3]["event"] == 0
    assert late[1] + late[3]["output"] == len(audio) and late[3]["output"] > 0
    assert not can_write and not late[4]
