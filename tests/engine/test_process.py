"""`process_block`: exact to the frame, the same for any blocks, sound within bounds."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudio_dl.engine import events, layout
from rtaudio_dl.engine.layout import SEGMENT
from rtaudio_dl.engine.parameters import GAIN
from tests.engine.rig import KEY, Rig, is_within_the_ceiling, level, onset, sine
from tests.entries import process_block, render_blocks

FRAMES = 4000
KEYS = (40, 41, 42, 43)

# Kinds of events with values around their range.
played = st.builds(
    dict,
    kind=st.sampled_from(
        [events.NOTE_ON] * 4
        + [events.NOTE_OFF, events.CONTROL, events.PITCH_BEND, events.PARAMETER]
    ),
    key=st.sampled_from([*KEYS, 7, 10, 11, 64, 123]),
    value=st.floats(-1, 1),
    channel=st.integers(0, 1),
    time=st.integers(0, FRAMES + 10),
)
songs = st.lists(played, max_size=40)


def busy_rig(**fields) -> Rig:
    """A patch that uses all that a voice can do: filter, envelope, bend, chokes."""
    rig = Rig(polyphony=4)
    shape = {"brightness": 0.7, "attack": 0.003, "decay": 0.02, "sustain": 0.4}
    rig.add(
        lambda slot: sine(1500, 300 + 50 * float(slot["key"])),
        rate=16_000,
        keys=KEYS,
        parameters=shape | {"velocity_curve": 1.6, "release": 0.01},
        **{"freshness": "frozen"} | fields,
    )
    return rig


def play_song(song, blocks, **fields) -> np.ndarray:
    rig = busy_rig(**fields)
    for event in song:
        rig.send(**event)
    return rig.render_blocks(blocks)


def cut(lengths) -> list[int]:
    """Blocks of these lengths, over and over, up to `FRAMES`."""
    blocks, done = [], 0
    while done < FRAMES:
        blocks.append(min(lengths[len(blocks) % len(lengths)], FRAMES - done))
        done += blocks[-1]
    return blocks


@settings(max_examples=60)
@given(songs, st.lists(st.integers(1, 700), min_size=1, max_size=12))
def test_any_split_into_blocks_gives_the_same_bytes(song, lengths):
    assert np.array_equal(play_song(song, [FRAMES]), play_song(song, cut(lengths)))


def test_blocks_of_one_frame_give_the_same_bytes():
    song = [
        {"kind": events.NOTE_ON, "key": key, "value": 0.7, "time": 37 * i}
        for i, key in enumerate(KEYS * 6)
    ]
    song.append({"kind": events.PITCH_BEND, "value": 0.7, "time": 1234})
    whole = play_song(song, [FRAMES])
    assert np.array_equal(whole, play_song(song, [1] * FRAMES))
    assert np.abs(whole).max() > 0.1


@given(songs)
@settings(max_examples=20)
def test_a_pooled_patch_plays_the_same_bytes_again(song):
    once, again = (play_song(song, cut([128]), freshness="pooled") for _ in range(2))
    assert np.array_equal(once, again)


@given(songs)
@settings(max_examples=20)
def test_the_order_of_writing_does_not_matter_for_different_frames(song):
    one_each = list({event["time"]: event for event in song}.values())
    backwards = one_each[::-1]
    assert np.array_equal(play_song(one_each, [FRAMES]), play_song(backwards, [FRAMES]))


# --- events land where they say


@pytest.mark.parametrize("at", [0, 1, 127, 128, 129, 1000, 3999])
@pytest.mark.parametrize("block", [1, 64, 128, 1000])
def test_a_note_begins_at_its_frame(at, block):
    rig = Rig()
    rig.add(level(1000))
    rig.on(at=at)
    assert onset(rig.render(4100, block)) == at


def test_events_of_one_frame_happen_in_the_order_they_were_written():
    rig = Rig()
    rig.add(level(48_000), parameters={"release": 0.0})
    rig.on(at=500)
    rig.off(at=500)
    rig.on(key=KEY, at=500)
    audio = rig.render(3000)
    assert onset(audio) == 500
    assert rig.active() == 1  # the second strike is held


def test_a_frame_that_has_passed_means_the_start_of_the_block_and_is_counted():
    rig = Rig()
    rig.add(level(1000))
    rig.render(256)
    rig.on(at=100)
    assert onset(rig.render(256)) == 0
    assert rig.count("misplaced") == 1


def test_what_happens_at_once_is_never_late():
    rig = Rig()
    rig.add(level(1000))
    rig.render(256)
    rig.now(events.NOTE_ON, KEY, 1.0)
    assert onset(rig.render(256)) == 0
    assert rig.count("misplaced") == 0


# --- bounds, tap, counters


@settings(max_examples=25)
@given(songs, st.floats(0, 4))
def test_output_is_finite_and_below_the_ceiling(song, gain):
    rig = busy_rig()
    rig.engine.parameters[0, GAIN] = gain
    rig.engine.master["gain"] = 4.0
    for event in song:
        rig.send(**event)
    assert is_within_the_ceiling(rig.render(FRAMES))


def test_the_tap_hears_what_the_device_hears():
    rig = Rig()
    rig.add(sine(4800))
    rig.on(at=100)
    rig.engine.switches[layout.TAP_ON] = 1
    audio = rig.render(2000, 96)
    assert rig.engine.tap_cursors[0] == 2000
    assert np.array_equal(rig.engine.tap_ring[:2000], audio)


def test_a_full_tap_counts_what_it_loses_and_the_sound_goes_on():
    rig = Rig()
    rig.add(sine(4800))
    rig.engine.switches[layout.TAP_ON] = 1
    rig.engine.tap_cursors[0] = rig.engine.tap_ring.shape[0] - 100
    rig.on()
    assert rig.render(256).any()
    assert rig.engine.tap_cursors[16] == 256


def test_a_thousand_blocks_allocate_nothing():
    """Neither does their code: see `tests/core/test_check.py`."""
    rig = Rig()
    rig.add(sine(48_000), freshness="frozen")
    for at in range(0, 128_000, 1000):
        rig.on(velocity=0.5, at=at)
    out = np.zeros((128_000, layout.OUTPUTS), np.float32)
    render_blocks(rig.engine, out[:128], 128)
    gc.collect()
    tracemalloc.start()
    held = tracemalloc.get_traced_memory()[0]
    render_blocks(rig.engine, out, 128)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - held < 1000  # a byte for each block; the call itself takes a few
    assert rig.count("sounded") > 100


def test_frames_and_blocks_are_counted():
    rig = Rig()
    rig.render(1000, 300)
    assert rig.frame == 1000
    assert rig.count("blocks") == 4


def test_an_empty_block_does_nothing_but_housekeeping():
    rig = Rig()
    rig.add(level(1000))
    rig.on()
    process_block(rig.engine, np.zeros((0, 2), np.float32))
    assert rig.frame == 0 and rig.active() == 0
    assert onset(rig.render(SEGMENT)) == 0


def test_the_processors_mode_is_put_back():
    """Denormals are zero inside, and the caller's arithmetic is as before."""
    rig = Rig()
    tiny = np.float64(5e-324)
    rig.render(128)
    assert tiny * np.float64(1.0) != 0.0
