"""A MIDI clock from another client of a JACK server moves the transport."""

from __future__ import annotations

import pytest

from rtaudio_dl.engine.transport import TICKS
from rtaudio_dl.host.live import LiveHost
from tests.jack import RATE, until

pytestmark = pytest.mark.jack

TEMPO = 150
APART = round(60 * RATE / (TEMPO * TICKS))  # frames
CLOCK, START, STOP = b"\xf8", b"\xfa", b"\xfc"
SENSING, EXCLUSIVE = b"\xfe", b"\xf0\x01\xf7"


def ticks(count: int, first: int = 0) -> list[tuple[int, bytes]]:
    return [(first + i * APART, CLOCK) for i in range(count)]


def test_a_clock_in_jacks_cycle_is_followed(jack_server, jack_probe):
    with LiveHost(midi="none of these") as host:
        jack_probe.connect_midi("^rtaudio_dl")
        # Messages that mean nothing here do no harm.
        beside = [(10, SENSING), (12, EXCLUSIVE)]
        jack_probe.run(sorted(ticks(49) + beside), frames=50 * APART)
        assert jack_probe.late == 0
        assert host.transport.tempo == pytest.approx(TEMPO, rel=1e-3)
        assert host.transport.position == 0

        events = [(0, START), *ticks(49, first=5)]
        jack_probe.run(events, frames=50 * APART)
        until(lambda: host.transport.position > 2)
        jack_probe.run([(0, b"\xf2\x10\x00"), (1, STOP)], frames=500)
        until(lambda: not host.transport.playing)
        assert host.transport.position == pytest.approx(4, abs=1e-3)


def test_the_reader_process_lets_a_clock_through(jack_server, jack_probe):
    from rtaudio_dl.core.control import pop_many
    from rtaudio_dl.engine import events
    from rtaudio_dl.io.midi.reader import MidiReader
    from rtaudio_dl.io.shared import SharedRing

    ring = SharedRing.create()
    reader = MidiReader(ring, "none of these")
    reader.start()
    try:
        assert reader.wait_until_ready(20)
        until(lambda: reader.virtual_port)
        jack_probe.connect_midi("^rtaudio_dl")
        played = [(0, START), *ticks(4, first=5), (3 * APART, b"\xf2\x10\x00")]
        jack_probe.run([*played, (3 * APART + 1, STOP)], frames=5 * APART)
        import numpy as np

        taken = np.zeros(64, events.EVENT)
        found = []

        def all_there() -> bool:
            count = pop_many(ring.ring, ring.cursors, taken)
            found.extend(taken[:count].copy())
            return len(found) >= 7

        until(all_there)
    finally:
        reader.stop()
    kinds = [int(event["kind"]) for event in found[:7]]
    assert kinds.count(events.CLOCK) == 4
    assert kinds.count(events.RUN) == 2 and kinds.count(events.POSITION) == 1
    stamps = [int(e["time"]) for e in found if e["kind"] == events.CLOCK]
    apart = np.diff(stamps) * 1e-9 * RATE
    assert np.abs(apart - APART).max() < 4
