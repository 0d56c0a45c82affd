"""What goes wrong on a stage: each ends in a clear message, and the sound goes on."""

import dataclasses
import time

import numpy as np
import pytest
import soundfile

import rtaudio_dl
from lab.jack_server import JackServer, missing
from rtaudio_dl.patches.patch import PARAMETERS, Key, Patch, find_patch
from tests.jack import lines_of, until
from tests.models.models import write_oneshot, write_slow

pytestmark = pytest.mark.jack


def patch_of(model, **fields):
    """A patch of one key for a model file."""
    defaults = {name: p.default for name, p in PARAMETERS.items()}
    return Patch("test", str(model), "test", {60: Key()}, defaults, {}, **fields)


def sounded(host):
    return host.counts()["sounded"]


def test_two_hosts_play_at_once(jack_server, jack_probe, tmp_path):
    with rtaudio_dl.LiveHost() as one, rtaudio_dl.LiveHost() as two:
        takes = []
        for i, host in enumerate((one, two)):
            host.load("drums")
            takes.append(tmp_path / f"{i}.wav")
            host.record(takes[-1])
            host.note_on(36)
        until(lambda: sounded(one) and sounded(two))
        time.sleep(0.3)
    for take in takes:
        audio, _ = soundfile.read(take)
        assert np.abs(audio).max() > 0.05


def test_a_model_slower_than_real_time_is_late_and_hinders_nobody(
    jack_server, tmp_path
):
    slow = patch_of(write_slow(tmp_path / "slow.onnx", 300), freshness="fresh")
    with rtaudio_dl.LiveHost() as host:
        drums = host.load("drums")
        host.load(slow, channel=1)
        host.assign(drums, 0)
        for _ in range(4):
            host.note_on(60, channel=1)
        for key in range(36, 44):
            host.note_on(key)
        # The drums' sounds lie ready: they need no inference, whoever blocks it.
        until(lambda: sounded(host) >= 8)
        until(lambda: sounded(host) == 12)
        counts = host.counts()
    assert counts["late_notes"] >= 4 and counts["late_frames"] > 0
    assert counts["overruns"] == 0


def test_a_model_file_that_vanishes_or_changes_is_not_missed(jack_server, tmp_path):
    path = write_oneshot(tmp_path / "mine.onnx")
    with rtaudio_dl.LiveHost() as host:
        host.load(patch_of(path, depth=1))
        path.write_bytes(b"swapped for another file")
        host.note_on(60)
        until(lambda: sounded(host) == 1)
        path.unlink()
        time.sleep(0.1)
        host.note_on(60)
        until(lambda: sounded(host) == 2)
        assert host.counts()["worker_failed_runs"] == 0


def test_patches_come_and_go_while_sixteen_voices_play():
    """The sound with a swap is the sound without one, to the byte."""

    def play(swap):
        with rtaudio_dl.Host() as host:
            toms = host.load("toms")
            for i in range(16):
                host.note_on(40 + 2 * i, 0.6, at=0.001 * i)
            parts = [host.render(0.2)]
            if swap:
                other = dataclasses.replace(find_patch("toms"), seed=99)
                host.assign(host.load(other))
            parts.append(host.render(0.1))
            parts.append(host.render(1.0))
            if swap:
                host.unload(toms)
            return np.concatenate(parts)

    with_swap, without = play(True), play(False)
    assert np.abs(without[9600:14400]).max() > 0.01
    np.testing.assert_array_equal(with_swap, without)


def test_a_live_swap_costs_no_block(jack_server):
    with rtaudio_dl.LiveHost() as host:
        first = host.load("toms")
        for i in range(16):
            host.note_on(40 + 2 * i)
        other = host.load(dataclasses.replace(find_patch("toms"), seed=99))
        host.note_on(60)
        host.panic()
        host.unload(first)
        assert list(host.instruments.values()) == [other]
        counts = host.counts()
    assert counts["overruns"] == 0 and counts["lost_notes"] == 0


LOSING = """
import sys, time
from rtaudio_dl.host.live import LiveHost

with LiveHost(say=lambda line: print(line, flush=True)) as host:
    host.load("drums")
    print("playing", flush=True)
    while True:
        before = host.counts()
        host.note_on(36)
        time.sleep(0.2)
        after = host.counts()
        if after["sounded"] > before["sounded"]:
            print("sounds", flush=True)
"""


def test_a_server_that_dies_is_noticed_and_taken_up_when_it_returns():
    if missing():
        pytest.skip(missing())
    with JackServer() as server, lines_of(server, LOSING) as wait_for:
        wait_for("sounds")
        server.kill()
        wait_for("audio device lost")
        server.start()
        wait_for("audio device is back")
        wait_for("sounds")
