"""The transport of a host: set and read, followed and tapped, recorded and replayed."""

from __future__ import annotations

import pytest

from rtaudio_dl.engine.transport import TICKS
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.host import Host
from rtaudio_dl.recording.flight import read_flight

CLOCK, START, CONTINUE, STOP = (bytes([b]) for b in (0xF8, 0xFA, 0xFB, 0xFC))
TICK_SECONDS = 60 / 150 / TICKS


@pytest.fixture
def host():
    with Host(block=100) as host:
        yield host


def test_it_rests_at_120_in_4_4(host):
    transport = host.transport
    assert (transport.tempo, transport.metre, transport.position) == (120, (4, 4), 0)
    host.render(0.5)
    assert transport.position == 0 and not transport.playing


def test_what_was_set_is_read_at_once(host):
    transport = host.transport
    transport.tempo, transport.metre, transport.position = 90, (7, 8), 2.5
    assert (transport.tempo, transport.metre, transport.position) == (90, (7, 8), 2.5)


def test_a_beat_is_that_of_the_newest_frame(host):
    host.transport.start()
    host.render(0.25)
    assert host.transport.position == pytest.approx(0.5, abs=1e-12)
    host.transport.tempo = 60
    host.render(0.25)
    assert host.transport.position == pytest.approx(0.75, abs=1e-12)
    host.transport.stop()
    host.render(0.25)
    assert host.transport.position == pytest.approx(0.75, abs=1e-12)
    host.transport.continue_()
    host.render(0.25)
    assert host.transport.position == pytest.approx(1.0, abs=1e-12)


def test_it_changes_in_the_midst_of_a_block(host):
    host.transport.start(at=0.1001)
    host.transport.set_tempo(240, at=0.2001)
    host.render(0.3001)
    assert host.transport.position == pytest.approx(0.2 + 0.4, abs=1e-4)


def test_taps_are_a_tempo(host):
    for i in range(5):
        host.transport.tap(at=0.4 * i)
    host.render(2.0)
    assert host.transport.tempo == pytest.approx(150)


def clock(host, first: float, ticks: int) -> float:
    for i in range(ticks):
        assert host.midi(CLOCK, at=first + i * TICK_SECONDS)
    return first + ticks * TICK_SECONDS


def test_a_clock_is_followed_to_the_tick(host):
    clock(host, 0.0, 100)
    host.midi(START, at=50.5 * TICK_SECONDS)
    host.render(99 * TICK_SECONDS + 0.001)
    assert host.transport.tempo == pytest.approx(150, rel=1e-3)
    # The first tick after the start is the beginning.
    assert host.transport.position == pytest.approx(48 / TICKS, abs=0.01)


def test_a_song_position_is_where_the_next_tick_is(host):
    end = clock(host, 0.0, 30)
    host.midi(STOP, at=end - TICK_SECONDS / 2)
    host.midi(bytes([0xF2, 16, 0]), at=end - TICK_SECONDS / 3)
    host.midi(CONTINUE, at=end - TICK_SECONDS / 4)
    host.render(end)
    assert host.transport.position == pytest.approx(4, abs=0.02)
    last = clock(host, end, 25) - TICK_SECONDS
    host.render(last - host.seconds + 0.0005)
    assert host.transport.position == pytest.approx(5, abs=0.01)


def test_a_clock_joins_what_plays_already(host):
    host.transport.start()
    host.render(2.0)
    clock(host, 2.0, 3)
    host.render(0.03)
    assert host.transport.position == pytest.approx(4.05, abs=0.06)


WRONG = {
    "tempo is 19; allowed: 20 to 999": lambda t: t.set_tempo(19),
    "tempo is nan": lambda t: t.set_tempo(float("nan")),
    "numerator is 0; allowed": lambda t: t.set_metre(0, 4),
    "denominator is 3; allowed: powers of two": lambda t: t.set_metre(4, 3),
    "denominator is 128; allowed": lambda t: t.set_metre(4, 128),
    "position is -1; allowed": lambda t: t.set_position(-1),
    "at is -1; allowed": lambda t: t.start(at=-1),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_value_is_said_with_what_is_allowed(host, message):
    with pytest.raises(EngineError) as raised:
        WRONG[message](host.transport)
    assert str(raised.value).startswith(message)


def test_a_flight_has_it_from_its_beginning(tmp_path):
    with Host() as host:
        host.transport.tempo = 75
        host.transport.start()
        host.render(0.8)
        host.record_flight(tmp_path / "a.flight")
        clock(host, 1.0, 30)
        host.render(0.8)
        host.stop_flight()
        there = host.transport.tempo, host.transport.position
    flight = read_flight(tmp_path / "a.flight")
    with Host() as host:
        host.engine.master["frame"] = flight.start
        for event in flight.events:
            host.inbox.push(event.reshape(1))
        host.render((flight.end - flight.start) / host.sample_rate)
        assert (host.transport.tempo, host.transport.position) == there
