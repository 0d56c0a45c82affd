"""Nodes on buses: their order, their gains, what a bypass and a delay do."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from rtaudio_dl.core.control import skip
from rtaudio_dl.engine import entries, events, layout
from rtaudio_dl.engine.layout import MAIN_BUS, MASTER_NODE, NONE, TRACKS_NODE
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.graph import connect, order_of, publish_order
from tests.engine.clicks import click_db, level_of
from tests.engine.effects import Effect
from tests.engine.rig import RATE, Rig, is_within_the_ceiling, onset, sine

FIRST, SECOND, THIRD = 3, 4, 5  # buses
LOW_HZ = 200
AT = 4860  # at the crest of the tone, where a cut is loudest
FRAMES = 9600


def tone(level: float = 0.3) -> np.ndarray:
    return sine(96_000, LOW_HZ, level)


def toned(to: int = MAIN_BUS, sound=None) -> Rig:
    """A rig with a held note, whose node gives to a bus."""
    rig = Rig()
    rig.add(tone() if sound is None else sound, freshness="frozen")
    connect(rig.engine, 0, to=to)
    rig.on()
    return rig


# --- order


@pytest.mark.parametrize(
    "ways, order",
    [
        ({0: (NONE, 0), 1: (NONE, 0), 2: (0, 9)}, [0, 1, 2]),
        ({0: (3, 0), 1: (NONE, 3), 2: (0, 9)}, [1, 0, 2]),
        (
            {0: (4, 0), 1: (3, 4), 2: (NONE, 3), 3: (NONE, 0), 9: (0, 9)},
            [2, 1, 0, 3, 9],
        ),
        ({5: (0, 9), 7: (NONE, 0), 6: (NONE, 1)}, [6, 7, 5]),
        ({0: (3, 0), 1: (NONE, 3), 2: (NONE, 3)}, [1, 2, 0]),
        ({}, []),
    ],
)
def test_whoever_fills_a_bus_runs_before_who_reads_it(ways, order):
    assert order_of(ways) == order


@pytest.mark.parametrize(
    "ways", [{0: (1, 1)}, {0: (1, 2), 1: (2, 1)}, {0: (1, 2), 1: (2, 3), 2: (3, 1)}]
)
def test_nodes_that_wait_for_each_other_are_refused(ways):
    with pytest.raises(EngineError, match="in a circle"):
        order_of(ways | {9: (NONE, 0)})


def test_a_new_engine_runs_all_places_then_tracks_then_the_master_section():
    engine = Rig().engine
    order = engine.orders[1]["node"].tolist()
    assert order == [*range(layout.PLACES), TRACKS_NODE, MASTER_NODE, NONE]


@pytest.mark.parametrize(
    "place, source, to", [(-1, 0, 0), (16, 1, 0), (0, 17, 0), (0, 1, 17)]
)
def test_a_way_that_cannot_be_is_refused(place, source, to):
    with pytest.raises(EngineError):
        connect(Rig().engine, place, source, to)


def chained(rig: Rig) -> tuple[Effect, Effect]:
    effects = Effect(rig, 1, FIRST, SECOND), Effect(rig, 2, SECOND)
    connect(rig.engine, 0, to=FIRST)
    return effects


def swap(rig: Rig, swapped: bool, blocks: bool = False) -> None:
    """Let the two effects change places, between two blocks."""
    first, second = (2, 1) if swapped else (1, 2)
    rig.engine.ways |= {first: (FIRST, SECOND), second: (SECOND, MAIN_BUS)}
    publish_order(rig.engine, blocks)


def test_the_order_is_changed_while_a_note_sounds_and_not_a_frame_is_lost():
    expected = toned().render(FRAMES)
    rig = toned()
    chained(rig)
    parts = []
    for block in range(FRAMES // 64):
        swap(rig, block % 3 == 1)
        parts.append(rig.render(64))
    assert np.array_equal(np.concatenate(parts), expected)


def test_the_order_is_changed_while_a_native_thread_plays():
    frames = 20 * RATE
    expected, heard = (np.zeros((frames, 2), np.float32) for _ in range(2))
    plain, rig = toned(), toned()
    chained(rig)
    entries.render(plain.engine, expected, frames, 32)
    arguments = (rig.engine, heard, frames, 32)
    thread = threading.Thread(target=entries.render, args=arguments)
    thread.start()
    swaps = 0
    while thread.is_alive():
        try:
            swap(rig, swaps % 2 == 0, blocks=True)
        except EngineError:
            assert not thread.is_alive()
        swaps += 1
    thread.join()
    assert swaps > 20
    assert np.array_equal(heard, expected)


def test_a_table_that_is_played_is_not_written_over():
    rig = toned()
    rig.render(64)
    publish_order(rig.engine, blocks=True)
    before = rig.engine.orders.copy()
    with pytest.raises(EngineError, match="did not answer"):
        publish_order(rig.engine, blocks=True)  # no block has begun since
    assert np.array_equal(rig.engine.orders, before)


# --- whose memory it is


def test_a_node_is_called_from_its_activation_until_it_is_gone():
    rig, out = toned(FIRST), np.zeros((128, 2), np.float32)
    effect = Effect(rig, 1, FIRST)
    skip(rig.engine.control_cursors)  # it is not activated yet
    entries.render(rig.engine, out, 128, 64)
    assert effect.count("blocks") == effect.count("served") == 0
    rig.now(events.ACTIVATE, 1)
    rig.now(events.NODE_GAIN, 1, 1.0)
    entries.render(rig.engine, out, 128, 64)
    assert effect.count("blocks") == effect.count("served") == 2
    assert effect.count("told") == 2
    rig.now(events.RETIRE, 1)
    entries.render(rig.engine, out, 128, 64)
    assert rig.engine.node_life[1] == layout.GONE
    counts = [effect.count(name) for name in ("blocks", "served", "told")]
    rig.now(events.NODE_GAIN, 1, 1.0)
    rig.now(events.PARAMETER, 0, 1.0, channel=1)
    entries.render(rig.engine, out, 128, 64)
    assert [effect.count(n) for n in ("blocks", "served", "told")] == counts


def test_a_note_for_a_node_that_takes_none_is_lost_and_counted():
    rig = Rig()
    Effect(rig, 1, FIRST)
    rig.engine.keys[1]["mapped"] = 1  # left by an instrument that was here before
    rig.now(events.PATCH, 1)
    rig.on()
    rig.render(128)
    assert (rig.count("lost_notes"), rig.active()) == (1, 0)


# --- gain and pan


def test_a_nodes_gain_glides_within_some_milliseconds():
    rig = toned()
    rig.send(events.NODE_GAIN, 0, 0.25, time=AT)
    audio = rig.render(FRAMES)
    before, after = audio[2400:AT], audio[AT + 2400 :]
    assert level_of(after)[0] == pytest.approx(0.25 * level_of(before)[0], rel=0.01)
    assert click_db(audio, 1000) < -65


@pytest.mark.parametrize("pan", [-1.0, -0.5, 0.0, 0.5, 1.0])
def test_a_nodes_pan_keeps_the_power(pan):
    rig = toned()
    rig.now(events.NODE_PAN, 0, pan)
    left, right = level_of(rig.render(FRAMES)[4800:])
    middle, angle = 0.3 / 2**0.5, (pan + 1) * np.pi / 4
    assert left**2 + right**2 == pytest.approx(2 * middle**2, rel=1e-2)
    assert (left, right) == pytest.approx(
        2**0.5 * middle * np.array([np.cos(angle), np.sin(angle)]), abs=2e-3
    )


@pytest.mark.parametrize("kind, value", [(events.NODE_GAIN, 4.0), (events.BYPASS, 1.0)])
def test_no_command_gets_past_the_limiter(kind, value):
    rig = toned(sound=tone(3.0))
    rig.now(kind, MASTER_NODE, value)
    assert is_within_the_ceiling(rig.render(FRAMES))


# --- bypass


@pytest.mark.parametrize("frames", [0, 1, 100, 300])
@pytest.mark.parametrize("block", [7, 128])
def test_a_bypass_is_as_late_as_the_effect(frames, block):
    """Its input, late as the effect is, in its place: nothing is heard of it."""
    rig = toned(FIRST)
    Effect(rig, 1, FIRST, frames=frames)
    rig.send(events.BYPASS, 1, 1.0, time=AT)
    rig.send(events.BYPASS, 1, 0.0, time=AT + 2400)
    audio, plain = rig.render(FRAMES, block), toned().render(FRAMES)
    assert onset(audio) == onset(plain) + frames
    np.testing.assert_allclose(audio[frames:], plain[: FRAMES - frames], atol=1e-7)


def test_a_bypass_goes_over_within_its_time_and_does_not_click():
    rig = toned(FIRST)
    Effect(rig, 1, FIRST, factor=-1.0)  # as far from its input as can be
    rig.send(events.BYPASS, 1, 1.0, time=AT)
    audio, plain = rig.render(FRAMES), toned().render(FRAMES)
    fade = RATE // 100
    assert np.array_equal(audio[:AT], -plain[:AT])
    np.testing.assert_allclose(audio[AT + 2400 :], plain[AT + 2400 :], atol=1e-3)
    assert np.abs(audio[AT + fade // 2 - 4 : AT + fade // 2 + 4]).max() < 0.01
    assert click_db(audio, 1000) < -65


def test_a_cut_in_the_place_of_the_fade_would_be_heard():
    rig = toned(FIRST)
    Effect(rig, 1, FIRST, factor=-1.0)
    audio = rig.render(AT)
    connect(rig.engine, 0)
    assert click_db(np.concatenate([audio, rig.render(FRAMES - AT)]), 1000) > -25


@pytest.mark.parametrize("lengths", [[1], [37, 128, 5], [500]])
def test_bypass_gain_and_delay_are_the_same_in_any_blocks(lengths):
    def heard(blocks):
        rig = toned(FIRST)
        effect = Effect(rig, 1, FIRST, frames=70, factor=0.5)
        line = align(effect, 33)
        rig.send(events.BYPASS, 1, 1.0, time=1000)
        rig.send(events.NODE_GAIN, 1, 0.7, time=1200)
        rig.send(events.NODE_PAN, 1, 0.3, time=1300)
        audio = rig.render_blocks(blocks)
        assert line.any()
        return audio

    blocks = [lengths[i % len(lengths)] for i in range(3000 // min(lengths))]
    total = np.cumsum(blocks)
    blocks = blocks[: int(np.searchsorted(total, 2500)) + 1]
    assert np.array_equal(heard(blocks), heard([sum(blocks)]))


# --- lanes that end together


def align(effect: Effect, frames: int) -> np.ndarray:
    line = np.zeros((frames, 2))
    effect.aligned = line  # kept
    effect.node["aligned"], effect.node["aligned_frames"] = line.ctypes.data, frames
    return line


@pytest.mark.parametrize("frames", [1, 64, 1000])
def test_a_lane_is_late_by_what_it_is_aligned_by(frames):
    rig = toned(FIRST)
    line = align(Effect(rig, 1, FIRST), frames)
    audio, plain = rig.render(FRAMES), toned().render(FRAMES)
    assert np.array_equal(audio[frames:], plain[: FRAMES - frames])
    assert not audio[:frames].any() and line.any()


def test_aligned_lanes_of_different_latency_end_together():
    """One lane as it is made late by an effect, its inverse by the alignment."""
    rig = toned(FIRST)
    Effect(rig, 1, FIRST, frames=120)
    line = align(Effect(rig, 2, FIRST, factor=-1.0), 120)
    assert not rig.render(FRAMES).any() and line.any()
