"""What may be watched: history that is overwritten, and the state of the engine."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudio_dl.core.control import store_word
from rtaudio_dl.core.history import BEGUN, WRITTEN
from rtaudio_dl.engine import entries, events
from rtaudio_dl.engine.telemetry import EVENT_CELLS, SOUND_FRAMES, Telemetry
from tests.engine.rig import KEY, Rig, level, sine


def playing(seconds: int = 4) -> Rig:
    """A rig with a tone that nothing ends, and never the same frame twice in a row."""
    rig = Rig()
    rig.add(sine(seconds * 48_000, 997, 0.4), freshness="frozen")
    rig.on()
    return rig


def test_a_reader_sees_what_the_device_hears():
    rig = playing()
    reader = rig.engine.watched.reader()
    for frames, block in ((1000, 128), (1, 1), (5000, 700), (128, 128)):
        audio = rig.render(frames, block)
        assert np.array_equal(reader.output(), audio)
    assert len(reader.output()) == 0


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 9000), st.booleans(), st.booleans()), max_size=25)
)
def test_readers_do_not_steal_from_each_other(parts):
    rig, unread = playing(), ([], [])
    readers = [rig.engine.watched.reader() for _ in unread]
    for frames, *reads in parts:
        audio = rig.render(frames, 512)
        for reader, waiting, looks in zip(readers, unread, reads, strict=True):
            waiting.append(audio)
            if looks:
                expected = np.concatenate(waiting)[-SOUND_FRAMES:]
                assert np.array_equal(reader.output(), expected)
                waiting.clear()


@pytest.mark.parametrize("block", [128, 1 << 15, SOUND_FRAMES, SOUND_FRAMES + 9000])
def test_a_slow_reader_gets_the_newest_that_there_are(block):
    rig = playing()
    reader = rig.engine.watched.reader()
    audio = rig.render(SOUND_FRAMES + 9000, block)
    seen = reader.output()
    assert len(seen) == SOUND_FRAMES
    assert np.array_equal(seen, audio[9000:])


@pytest.mark.parametrize("begun", [1, 300, SOUND_FRAMES - 1, SOUND_FRAMES])
def test_cells_that_were_being_overwritten_are_left_out(begun):
    """As a reader finds it that was overtaken while it read."""
    rig = playing()
    watched = rig.engine.watched
    reader = watched.reader()
    audio = rig.render(SOUND_FRAMES)
    words = watched._words("output")
    store_word(words, BEGUN, int(words[WRITTEN]) + begun)
    assert np.array_equal(reader.output(), audio[begun:])


def test_begun_goes_before_written():
    rig = playing()
    for frames in (1, 128, 70_000):
        rig.render(frames, frames)
        for name in ("output", "event"):
            words = rig.engine.watched._words(name)
            assert words[BEGUN] == words[WRITTEN]


def test_a_reader_beside_a_native_thread_sees_whole_frames_in_their_order():
    """The history is gone through some 30 times: what is seen is of the sound."""
    frames = 2_000_000
    rig, out = Rig(), np.zeros((frames, 2), np.float32)
    rig.add(sine(frames, 997.3, 0.4), freshness="frozen")
    rig.on()
    reader = rig.engine.watched.reader()
    arguments = (rig.engine, out, frames, 512)
    thread = threading.Thread(target=entries.render, args=arguments)
    thread.start()
    seen = []
    while thread.is_alive():
        part = reader.output()
        seen.append((reader._seen["output"], part))
    thread.join()
    assert sum(len(part) for _, part in seen) > 0
    for end, part in seen:
        assert np.array_equal(part, out[end - len(part) : end])


def test_events_are_told_at_the_frame_where_they_are_applied():
    rig = Rig()
    rig.add(level(9600))
    rig.render(100)
    reader = rig.engine.watched.reader()
    rig.on(KEY, 0.25, at=300)
    rig.control(7, 0.5, channel=3, at=4000)
    rig.render(300)
    (struck,) = reader.events()
    assert (struck["kind"], struck["key"], struck["time"]) == (events.NOTE_ON, KEY, 300)
    assert struck["value"] == 0.25
    rig.render(4000)
    (turned,) = reader.events()
    assert (turned["kind"], turned["channel"]) == (events.CONTROL, 3)
    assert (turned["time"], turned["key"], turned["value"]) == (4000, 7, 0.5)
    assert len(reader.events()) == 0


def test_of_a_flood_of_events_the_newest_are_told():
    rig = Rig()
    reader = rig.engine.watched.reader()
    total = EVENT_CELLS + 1000
    for i in range(total):
        rig.control(7, i % 128 / 127, at=i)
        if i % 1000 == 999:
            rig.render(1000)
    rig.render(total)
    told = reader.events()
    assert told["time"].tolist() == list(range(total))[-EVENT_CELLS:]


def test_the_status_is_that_of_the_last_block():
    rig = Rig(rate=44_100)
    rig.add(sine(9600), parameters={"pan": -1})
    assert rig.engine.watched.status()["frame"] == rig.frame
    rig.on()
    rig.now(events.TEMPO, 0, 90.0)
    rig.now(events.RUN, 1)
    rig.render(1000, 100)
    status = rig.engine.watched.status()
    assert (status["frame"], status["sample_rate"]) == (1000, 44_100)
    assert (status["voices"], status["playing"], status["tempo"]) == (1, 1, 90)
    assert status["peak"] == rig.engine.master["peak"][0].tolist()
    assert status["beat"] == pytest.approx(1000 / 44_100 * 1.5)
    assert status["callbacks"] == status["underruns"] == status["overruns"] == 0


def test_others_can_watch_through_memory_that_they_share():
    """As another process does: it has the bytes, and nothing else."""
    rig = playing()
    watcher = Telemetry(rig.engine.watched.shared)
    audio = rig.render(1000)
    assert np.array_equal(watcher.output(), audio)
    assert watcher.status() == rig.engine.watched.status()
    assert watcher.status()["frame"] == 1000
