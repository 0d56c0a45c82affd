"""Musical time: exact to the frame, from events, a MIDI clock, or a foot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudio_dl.engine import events
from rtaudio_dl.engine.entries import midi_callback
from rtaudio_dl.engine.transport import CONTINUE, START, STOP, TEMPI, TICKS
from tests.engine.rig import RATE, Rig

CLOCK, SONG_POSITION = 0xF8, 0xF2
MIDI_START, MIDI_CONTINUE, MIDI_STOP = 0xFA, 0xFB, 0xFC


def beat(rig: Rig) -> float:
    """Where the next frame is, in quarter notes."""
    return rig.engine.watched.status()["beat"]


def beats(frames: float, tempo: float = 120.0) -> float:
    return frames / RATE * tempo / 60


def sent(*what: tuple, frames: int = 0, block: int = 128) -> Rig:
    """A rig that was sent (frame, kind, key, value) and has rendered."""
    rig = Rig()
    for at, kind, key, value in what:
        rig.send(kind, key, value, time=at)
    rig.render(frames, block)
    return rig


def test_at_first_it_stands_at_the_beginning():
    rig = sent(frames=1000)
    status = rig.engine.watched.status()
    assert (status["playing"], status["tempo"], status["beat"]) == (0, 120, 0)
    transport = rig.engine.transport[0]
    assert (transport["numerator"], transport["denominator"]) == (4, 4)


@pytest.mark.parametrize("at", [0, 1, 127, 128, 1000])
def test_it_starts_at_its_frame(at):
    rig = sent((at, events.RUN, START, 0), frames=4800)
    assert beat(rig) == pytest.approx(beats(4800 - at), abs=1e-12)


def test_a_change_of_tempo_goes_on_where_the_beat_is():
    rig = sent(
        (100, events.RUN, START, 0),
        (1000, events.TEMPO, 0, 90.0),
        (3333, events.TEMPO, 0, 200.0),
        frames=9600,
    )
    expected = beats(900) + beats(2333, 90) + beats(9600 - 3333, 200)
    assert beat(rig) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "command, expected",
    [(CONTINUE, beats(900 + 2600)), (START, beats(2600)), (STOP, beats(900))],
)
def test_it_stops_where_it_is_and_goes_on_from_there_or_from_the_beginning(
    command, expected
):
    rig = sent(
        (100, events.RUN, START, 0),
        (1000, events.RUN, STOP, 0),
        (2200, events.RUN, command, 0),
        frames=4800,
    )
    assert beat(rig) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("playing", [False, True])
def test_a_position_is_where_it_goes_on(playing):
    run = [(0, events.RUN, START, 0)] if playing else []
    rig = sent(*run, (500, events.POSITION, 0, 17.25), frames=1500)
    assert beat(rig) == pytest.approx(17.25 + playing * beats(1000), abs=1e-12)


@pytest.mark.parametrize("tempo", [TEMPI[0], 61.7, TEMPI[1]])
def test_tempi_have_a_range(tempo):
    rig = sent((0, events.TEMPO, 0, tempo), frames=1)
    for wrong in (TEMPI[0] - 0.1, TEMPI[1] + 0.1, 0.0, -120.0, np.nan, np.inf):
        rig.now(events.TEMPO, 0, wrong)
        rig.render(1)
        assert rig.engine.watched.status()["tempo"] == tempo


@pytest.mark.parametrize(
    "numerator, denominator, there",
    [
        *((3, 4.0, True), (7, 8.0, True), (64, 64.0, True), (1, 1.0, True)),
        *((0, 4.0, False), (65, 4.0, False), (3, 3.0, False), (3, 0.0, False)),
        *((3, 128.0, False), (3, np.nan, False), (-3, 4.0, False)),
    ],
)
def test_a_metre_is_a_number_of_binary_parts(numerator, denominator, there):
    rig = sent((0, events.METRE, numerator, denominator), frames=1)
    transport = rig.engine.transport[0]
    found = transport["numerator"], transport["denominator"]
    assert found == ((numerator, denominator) if there else (4, 4))


# --- any blocks

FRAMES = 3000
happens = st.tuples(
    st.integers(0, FRAMES),
    st.sampled_from(events.TRANSPORT_KINDS),
    st.integers(0, 3),
    st.one_of(st.floats(0, 1000), st.sampled_from([4.0, 8.0, 90.0])),
)


@settings(max_examples=60)
@given(st.lists(happens, max_size=30), st.lists(st.integers(1, 700), min_size=1))
def test_it_is_the_same_in_any_blocks(what, lengths):
    def states(blocks):
        rig = Rig()
        for at, kind, key, value in what:
            rig.send(kind, key, value, time=at)
        rig.render_blocks(blocks)
        return rig.engine.transport.tobytes(), beat(rig)

    blocks, done = [], 0
    while done < FRAMES:
        blocks.append(min(lengths[len(blocks) % len(lengths)], FRAMES - done))
        done += blocks[-1]
    assert states([FRAMES]) == states(blocks)


# --- a MIDI clock


def clocked(tempo: float, seconds: float, jitter_ms: float = 0.0, seed: int = 0):
    """A rig that follows a clock from its start on; the frames of its ticks."""
    rig, random = Rig(), np.random.default_rng(seed)
    apart = 60 * RATE / (TICKS * tempo)
    ideal = 100 + np.arange(int(seconds * RATE / apart)) * apart
    ticks = np.sort(ideal + random.uniform(-1, 1, len(ideal)) * jitter_ms * 48)
    frames = [max(100, round(tick)) for tick in ticks]
    rig.send(events.RUN, START, time=99)
    for frame in frames:
        rig.send(events.CLOCK, time=frame)
    return rig, frames


@pytest.mark.parametrize("tempo", [30.0, 61.7, 120.0, 300.0])
def test_it_takes_the_tempo_of_a_steady_clock(tempo):
    rig, frames = clocked(tempo, 6.0)
    rig.render(frames[-1] + 1)
    # Ticks come at whole frames: half a frame of a tick is what it cannot know.
    tolerance = 1.0 / (60 * RATE / (TICKS * tempo))
    assert rig.engine.watched.status()["tempo"] == pytest.approx(tempo, rel=tolerance)


def test_a_tick_is_where_the_beat_is():
    """The first one after a start is the beginning; none is lost on the way."""
    rig, frames = clocked(97.0, 5.0, jitter_ms=2.0)
    for number, frame in enumerate(frames):
        rig.render(frame - rig.frame)
        rig.render(1)  # the frame of the tick
        step = beat(rig) - number / TICKS
        assert 0 <= step < 2 * beats(1, 97.0)


@pytest.mark.parametrize("seed", range(3))
def test_jitter_is_smoothed(seed):
    """Two milliseconds to both sides, of ticks that are 26 apart."""
    rig, frames = clocked(97.0, 8.0, jitter_ms=2.0, seed=seed)
    tempi = []
    for frame in frames:
        rig.render(frame + 1 - rig.frame)
        tempi.append(rig.engine.watched.status()["tempo"])
    settled = np.array(tempi[TICKS:])
    raw = 60 * RATE / (TICKS * np.diff(frames[TICKS:]))
    assert settled.mean() == pytest.approx(97, rel=0.01)
    assert np.ptp(settled) < 0.35 * np.ptp(raw)


def test_a_clock_that_pauses_is_followed_anew():
    rig, frames = clocked(120.0, 3.0)
    at = frames[-1] + 2 * RATE
    for number in range(2 * TICKS):
        rig.send(events.CLOCK, time=at + round(number * 60 * RATE / (TICKS * 60)))
    rig.render(at + 5 * RATE)
    assert rig.engine.watched.status()["tempo"] == pytest.approx(60, rel=0.01)


def test_a_clock_that_is_stopped_moves_the_tempo_only():
    rig = Rig()
    for number in range(2 * TICKS):
        rig.send(events.CLOCK, time=number * 800)  # 150 quarter notes a minute
    rig.render(2 * TICKS * 800)
    assert beat(rig) == 0
    assert rig.engine.watched.status()["tempo"] == pytest.approx(150, rel=0.001)


def test_after_a_song_position_ticks_count_from_there():
    rig = Rig()
    rig.send(events.POSITION, 0, 8.0, time=0)
    rig.send(events.RUN, CONTINUE, time=1)
    for number in range(TICKS):
        rig.send(events.CLOCK, time=1000 + 1000 * number)
    rig.render(1001)
    assert beat(rig) == pytest.approx(8, abs=beats(2))  # the first one is there
    rig.render(1000 * (TICKS - 1))
    assert beat(rig) == pytest.approx(9 - 1 / TICKS, abs=beats(2))


def test_the_messages_of_a_cable_do_it_too():
    rig = Rig()

    def message(offset, status, first=0, second=0):
        midi_callback(rig.engine, offset, status | first << 8 | second << 16)

    message(10, SONG_POSITION, 8, 0)  # sixteenth notes
    rig.render(128)
    assert beat(rig) == 2
    message(0, MIDI_CONTINUE)
    rig.render(4800)
    assert beat(rig) == pytest.approx(2 + beats(4800), abs=1e-12)
    message(100, MIDI_STOP)
    rig.render(128)
    assert beat(rig) == pytest.approx(2 + beats(4900), abs=1e-12)
    message(28, MIDI_START)
    rig.render(128)
    assert beat(rig) == pytest.approx(beats(100), abs=1e-12)
    message(0, CLOCK)
    message(1, CLOCK)
    rig.render(2)
    assert beat(rig) == pytest.approx(1 / TICKS, abs=beats(2, 999))


# --- taps


def tapped(*frames: int) -> float:
    rig = sent(*((at, events.TAP_TEMPO, 0, 0) for at in frames), frames=frames[-1] + 1)
    return rig.engine.watched.status()["tempo"]


def test_the_second_tap_sets_the_tempo():
    assert tapped(1000) == 120
    assert tapped(1000, 1000 + RATE) == pytest.approx(60)
    assert tapped(0, RATE // 3) == pytest.approx(180)


def test_more_taps_steady_it():
    random = np.random.default_rng(5)
    for _ in range(5):
        taps = RATE * (1 + np.arange(12) * 0.6) + random.uniform(-1, 1, 12) * 960
        assert tapped(*map(round, taps)) == pytest.approx(100, rel=0.035)


def test_a_pause_begins_anew():
    first = [n * RATE // 2 for n in range(6)]
    later = [first[-1] + 4 * RATE + n * RATE for n in range(2)]
    assert tapped(*first, *later) == pytest.approx(60)


def test_taps_give_no_tempo_that_there_is_not():
    assert tapped(0, 10) == TEMPI[1]
    assert tapped(0, 0) == 120
    assert tapped(0, 2 * RATE) == pytest.approx(30)


def test_a_tap_does_not_move_the_beat():
    rig = sent(
        (0, events.RUN, START, 0),
        (4800, events.TAP_TEMPO, 0, 0),
        (4800 + RATE, events.TAP_TEMPO, 0, 0),
        frames=4800 + RATE,
    )
    assert beat(rig) == pytest.approx(beats(4800 + RATE), abs=1e-12)
    rig.render(RATE)
    assert beat(rig) == pytest.approx(beats(4800 + RATE) + 1, abs=1e-9)
