"""What had no room in a ring is said where people look, in words, and only then."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from rtaudio_dl.cli import listen, meters, play
from rtaudio_dl.core.control import push
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.host import doctor
from rtaudio_dl.host.counts import engine_counts
from rtaudio_dl.host.latency import Latency

MORE = 3
WORDS = f"{MORE} MIDI messages"


class Playing:
    """A host whose MIDI ring overflows while somebody looks."""

    sample_rate, block, levels = 48_000, 128, (0.0, 0.0)
    latency = Latency(0, 128, 0, 0, sample_rate=48_000)

    def __init__(self):
        self.engine = Engine(self.sample_rate)

    def counts(self):
        return engine_counts(self.engine)

    def overflow(self, *_seconds):
        ring, cursors = self.engine.midi_ring, self.engine.midi_cursors
        for _ in range(len(ring) + MORE):
            push(ring, cursors, ring[0])


@pytest.fixture
def host():
    return Playing()


@pytest.fixture
def printed(monkeypatch):
    console = Console(file=io.StringIO(), width=200)
    monkeypatch.setattr(play, "console", console)
    return console.file


def test_the_live_line_says_it(host):
    assert "MIDI" not in meters.live_line(host).plain
    host.overflow()
    assert f"lost {WORDS}" in meters.live_line(host).plain


def test_play_says_it_at_the_end(host, printed):
    play._report(host, None)
    assert "no room" not in printed.getvalue()
    host.overflow()
    play._report(host, None)
    assert WORDS in printed.getvalue()


def test_doctor_calls_it_bad(host, monkeypatch):
    monkeypatch.setattr(doctor.time, "sleep", host.overflow)
    finding = doctor._listen(host)
    assert finding.verdict == doctor.BAD
    assert finding.text.endswith(f"lost: {WORDS}")


def test_doctor_does_not_tell_what_was_lost_before(host, monkeypatch):
    host.overflow()
    monkeypatch.setattr(doctor.time, "sleep", lambda seconds: None)
    assert "lost" not in doctor._listen(host).text


@pytest.mark.parametrize(
    "name, word", [("lost_detections", "detections lost"), ("lost_notes", "notes lost")]
)
def test_listen_says_it_while_it_listens(name, word):
    counts = dict.fromkeys(
        ("hops", "dropped_hops", "input_dropped", "muted_scores", "input_clipped"), 0
    ) | {"lost_detections": 0, "lost_notes": 0}
    listener = SimpleNamespace(counts=lambda: counts)
    assert word not in listen._status(listener).plain
    counts[name] = MORE
    assert f"{word} {MORE}" in listen._status(listener).plain
