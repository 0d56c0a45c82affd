"""Streams in the engine: the same bytes in any blocks, late hops, threads, patches."""

from __future__ import annotations

import time

import numpy as np
import pytest

from rtaudio_dl.core.counters import LATE_HOPS
from rtaudio_dl.engine import events, layout
from rtaudio_dl.host.workers import Workers
from rtaudio_dl.patches.patch import find_patch
from rtaudio_dl.recording.replay import Replay
from tests.engine.clicks import click_db
from tests.engine.rig import make_patch, onset
from tests.entries import process_block
from tests.kinds.stream.models import write_loud, write_sine
from tests.kinds.stream.rig import (
    A4,
    HOP_FRAMES,
    LATENCY,
    RATE,
    RISE,
    at,
    fitted,
    hertz,
    render_late,
    stream_host,
    stream_patch,
)
from tests.models.models import write_oneshot

FRAMES = 48_000


@pytest.fixture(scope="module")
def sine(tmp_path_factory):
    return write_sine(tmp_path_factory.mktemp("models") / "sine.onnx")


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    return write_sine(tmp_path_factory.mktemp("models") / "noisy.onnx", noise=3)


def busy(host):
    """Chords, lifts, bends, pads, pedals and more notes than voices, at odd frames."""
    random = np.random.default_rng(7)
    for frame in np.sort(random.integers(0, FRAMES, 120)):
        key, now = int(random.integers(36, 97)), at(int(frame))
        kind = random.random()
        if kind < 0.5:
            host.note_on(key, float(random.uniform(0.05, 0.3)), at=now)
        elif kind < 0.7:
            host.note_off(key, at=now)
        elif kind < 0.8:
            host.pitch_bend(float(random.uniform(-1, 1)), at=now)
        elif kind < 0.9:
            host.control(1, float(random.random()), at=now)
        else:
            host.control(64, float(random.random() < 0.5), at=now)


def busy_sound(sine, block):
    fields = {"corners": ("Full", "Half"), "controls": {1: "x"}}
    with stream_host(sine, block, polyphony=6, **fields) as host:
        busy(host)
        return host.render(at(FRAMES)), host.counts()


@pytest.mark.parametrize("block", [1, 37, 500, 8192])
def test_the_sound_is_the_same_in_any_blocks(noisy, block):
    audio, counts = busy_sound(noisy, block)
    expected, _ = busy_sound(noisy, 128)
    assert counts["stolen"] > 10 and np.abs(audio).max() > 0.1
    np.testing.assert_array_equal(audio, expected)


def test_a_thread_of_its_own_makes_the_same_hops(noisy):
    """The worker gets to run whenever it will; batches come as they come."""
    expected, _ = busy_sound(noisy, 128)
    fields = {"corners": ("Full", "Half"), "controls": {1: "x"}}
    with stream_host(noisy, polyphony=6, **fields) as host:
        workers = Workers(host.engine, print)
        busy(host)
        workers.start()
        out = np.zeros((FRAMES, 2), np.float32)
        for first in range(0, FRAMES, 128):
            host.inbox.feed(128, 128)
            process_block(host.engine, out[first : first + 128])
            _wait_for_hops(host.instrument.memory)
        workers.stop()
        assert host.engine.counters[LATE_HOPS] == 0
    np.testing.assert_array_equal(out, expected)


def _wait_for_hops(memory):
    until = time.monotonic() + 20
    while (memory.lane["asked"] != memory.lanes_done).any():
        assert time.monotonic() < until
        time.sleep(0.0001)


def test_a_late_hop_is_silent_and_the_note_stays_in_time(sine):
    with stream_host(sine) as host:
        host.note_on(A4, 0.8, at=0.0)
        expected = host.render(0.5)
    with stream_host(sine) as host:
        host.note_on(A4, 0.8, at=0.0)
        # Blocks 75 to 79 get nothing: hops are late, and come all the same.
        audio = render_late(host, 24_000, lambda block: not 75 <= block < 80)
        counts = host.counts()
    assert 1 <= counts["late_hops"] <= 4
    assert counts["active_voices"] == 1
    quiet = np.abs(audio[9600:14_400, 0]) < 0.02
    assert quiet.sum() > counts["late_hops"] * (HOP_FRAMES - 96)
    # What comes after is where it would be without the gap (but for the DC blocker).
    np.testing.assert_allclose(audio[14_400:], expected[14_400:], atol=1e-3)
    assert click_db(audio, 2400) < -45


def test_held_notes_bear_a_worker_that_is_held_up_for_milliseconds(sine):
    with stream_host(sine) as host:
        host.note_on(A4, at=0.0)
        render_late(host, 48_000, lambda block: block < 4 or block % 3 == 0)
        assert host.counts()["late_hops"] == 0


def test_a_worker_that_never_runs_leaves_silence_and_bounded_rings(sine):
    with stream_host(sine) as host:
        host.note_on(A4, at=0.0)
        audio = render_late(host, 96_000, lambda block: False)
        counts = host.counts()
        hops = (96_000 - LATENCY) // HOP_FRAMES
        assert not audio.any()
        assert abs(counts["late_hops"] - hops) <= 1
        assert counts["hops_asked"] < 10
        # It comes back when the worker does.
        assert np.abs(render_late(host, 9600, lambda block: True)).max() > 0.1


def test_what_is_no_sound_is_muted_and_its_neighbours_play_on(tmp_path):
    model = write_sine(tmp_path / "broken.onnx", broken_key=61)
    with stream_host(model) as host:
        host.note_on(A4, 0.5, at=0.0)
        host.note_on(61, 0.5, at=0.1)
        audio = host.render(0.5)
        counts = host.counts()
    assert np.isfinite(audio).all()
    assert counts["stream_muted_hops"] > 50 and counts["late_hops"] == 0
    tone, rest = fitted(audio[9600:], 440)
    assert tone == pytest.approx(0.25, rel=0.01) and rest < 1e-4


def test_a_stream_far_too_loud_is_muted(tmp_path):
    with stream_host(write_loud(tmp_path / "loud.onnx"), corners=()) as host:
        host.note_on(A4, at=0.0)
        assert not host.render(0.2).any()
        assert host.counts()["stream_muted_hops"] > 10


def test_noise_is_new_with_every_strike_and_hop_and_can_be_made_again(noisy):
    def strikes():
        with stream_host(noisy) as host:
            for start in (0.0, 0.2):
                host.note_on(A4, 0.5, at=start)
                host.note_off(A4, at=start + 0.1)
            return host.render(0.4)

    audio = strikes()
    np.testing.assert_array_equal(strikes(), audio)
    first, second = audio[240:4800], audio[9840:14_400]
    assert np.abs(first - second).max() > 0.01


def test_a_stream_plays_beside_another_and_beside_a_kit(sine, tmp_path):
    kit = write_oneshot(tmp_path / "kit.onnx")
    with stream_host(sine) as host:
        octave = stream_patch(sine, name="octave", parameters={"tune": 12})
        host.load(octave, channel=1)
        host.load(make_patch("kit", model=str(kit)), channel=9)
        host.note_on(57, 0.3, at=0.0)
        host.note_on(57, 0.3, channel=1, at=0.0)
        host.note_on(60, 0.2, channel=9, at=0.0)
        audio = host.render(1.0)
        assert host.counts()["sounded"] == 3
    for hz in (220, 440):
        assert fitted(audio[24_000:], hz)[0] == pytest.approx(0.15, rel=0.1)


def test_a_patch_goes_when_its_last_note_has_ended(sine):
    with stream_host(sine) as host:
        host.note_on(A4, 0.5, at=0.0)
        host.note_off(A4, at=0.5)
        host.render(0.2)
        old, new = host.instrument, host.load(stream_patch(sine, name="new"))
        host.note_on(57, 0.5, at=0.25)
        host.unload(old)
        assert host.seconds > 0.5
        tone = fitted(host.render(0.5), hertz(57))[0]
        assert tone == pytest.approx(0.25, rel=0.05)
        host.panic()
        host.unload(new)
        assert not old.memory.lane["taken"].any()
        assert not new.memory.lane["taken"].any()


def test_a_replay_is_the_same_to_the_byte_late_hops_and_all(noisy, tmp_path):
    from rtaudio_dl.host.host import Host

    flight = tmp_path / "notes.flight"
    with Host(RATE, polyphony=6) as host:
        host.record_flight(flight)
        patch = stream_patch(noisy, corners=("Full", "Half"), controls={1: "x"})
        host.instrument = host.load(patch)
        busy(host)
        audio = render_late(host, FRAMES, lambda block: block % 8 < 4)
        assert host.counts()["late_hops"] > 5
        host.stop_flight()
    np.testing.assert_array_equal(Replay(flight).render()[:FRAMES], audio)


def test_a_device_with_long_blocks_gets_a_longer_latency(sine):
    with stream_host(sine) as host:
        stream, lag = host.instrument, int(host.instrument.memory.lag[0])
        assert stream.latency == LATENCY == stream.latency_for(RATE, 128)
        assert stream.latency_for(RATE, 1024) == 1024 + lag
        host.controls.command(events.LATENCY, 0, value=1024 + lag)
        host.note_on(96, 0.8, at=0.1)
        audio = render_late(host, 24_000, lambda block: True, block=1024)
        assert host.counts()["late_hops"] == 0
    assert abs(onset(audio, 1e-3) - (4800 + 1024 + lag)) <= RISE


@pytest.mark.parametrize("frames", [np.nan, -1, 0, 9, 1e12])
def test_a_latency_that_cannot_be_is_left_alone(sine, frames):
    with stream_host(sine) as host:
        for place in (0, 1, -1, layout.PLACES, layout.NODES):
            host.controls.command(events.LATENCY, place, value=frames)
        host.render(0.01)
        assert host.instrument.latency == LATENCY


def test_patches_that_ship_can_be_loaded():
    assert find_patch("notes").corners
