"""The track player's kernel: what it reads from its ring, and what it never does."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.core.control import store_word
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.ring import DROPPED, READ, WRITE
from rtaudio_dl.engine import layout
from rtaudio_dl.playback import kernels as track
from rtaudio_dl.playback.kernels import (
    ACTIVE,
    END,
    FAR,
    GONE,
    MARGIN,
    PLAYER,
    PLAYING,
    STOPPING,
    process,
)

RATE = 48_000
SIZE = 1 << 14
FADE = int(track.FADE_SECONDS * RATE)


class Ring:
    """A track with a ring that the test writes."""

    def __init__(self):
        self.engine, self.player = layout.Engine(RATE), Memory(PLAYER)
        self.engine.nodes[layout.TRACKS_NODE]["state"] = self.player.address
        self.memory = np.full((2, SIZE + MARGIN), np.nan, np.float32)
        self.words, self.record = self.player.track_words[0], self.player.tracks[0]
        self.record["address"], self.record["frames"] = self.memory.ctypes.data, SIZE
        self.words[PLAYING] = 1
        for name in ("step", "to_step", "gain", "to_gain", "gate"):
            self.record[name] = 1.0
        self.words[END] = FAR
        self.player.track_life[0] = ACTIVE

    def write(self, sound):
        """Append the same sound to both sides."""
        first = int(self.words[WRITE])
        for i, value in enumerate(sound):
            place = (first + i) % SIZE
            self.memory[:, place] = value
            if place < MARGIN:
                self.memory[:, SIZE + place] = value
        store_word(self.words, WRITE, first + len(sound))

    def end(self):
        store_word(self.words, END, int(self.words[WRITE]))

    def jump(self, sound):
        first = int(self.words[WRITE])
        self.write(sound)
        number = int(self.words[track.GENERATION]) + 1
        for word, value in (
            *((END, FAR), (track.FIRST, first)),
            *((track.GENERATION, number), (END, FAR)),
        ):
            store_word(self.words, word, value)

    def hear(self, frames, segment=layout.SEGMENT):
        """The left side of the next frames."""
        heard = np.zeros(frames)
        for done in range(0, frames, segment):
            count = min(segment, frames - done)
            self.engine.mix[:] = 0
            process(self.engine, layout.TRACKS_NODE, count)
            heard[done : done + count] = self.engine.mix[:count, 0]
            self.engine.master["frame"] += count
        return heard

    @property
    def life(self):
        return self.player.track_life[0]


def noise(frames, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, frames).astype(np.float32)


def test_at_its_own_rate_a_file_is_heard_as_it_is():
    ring, sound = Ring(), noise(3000)
    ring.write(sound)
    ring.end()
    heard = ring.hear(3000 + MARGIN)
    np.testing.assert_array_equal(heard[:3000], sound)
    assert not heard[3000:].any() and ring.life == GONE


def test_nothing_around_the_sound_is_read():
    """The memory beside it holds NaN."""
    for step in (0.3, 1.0, 1.1, 8.0):
        ring = Ring()
        ring.record["step"] = ring.record["to_step"] = step
        ring.record["phase"] = 0.5
        ring.write(noise(2000))
        ring.end()
        assert np.isfinite(ring.hear(9000)).all() and ring.life == GONE


@pytest.mark.parametrize("step", [1.0, 0.7, 2.3])
def test_the_ring_has_no_seam(step):
    """A sound of many rings is heard as one that needs no ring."""
    sound = np.sin(0.05 * np.arange(6 * SIZE)).astype(np.float32)
    ring, done, parts = Ring(), 0, []
    ring.record["step"] = ring.record["to_step"] = step
    while done < len(sound):
        room = max(SIZE - (int(ring.words[WRITE]) - int(ring.words[READ])), 0)
        ring.write(sound[done : done + room])
        done += room
        parts.append(ring.hear(256))
    heard = np.concatenate(parts)
    exact = np.sin(0.05 * step * np.arange(len(heard)))
    assert np.abs(heard - exact)[100:].max() < 1e-4
    assert len(heard) * step > 4 * SIZE


def test_a_jump_fades_out_and_in_and_leaves_nothing_of_before():
    ring = Ring()
    ring.write(np.full(5000, 0.5))
    ring.hear(1000)
    ring.jump(np.full(6000, -0.25))
    heard = ring.hear(1000)
    assert heard[0] == pytest.approx(0.5, abs=1e-3)
    assert np.abs(np.diff(heard)).max() < 0.5 * 2 / FADE
    assert heard[FADE - 1] == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(heard[2 * FADE + 1 :], -0.25)
    assert ring.record["frame"] > 5000 and ring.words[READ] > 4000


def test_where_the_reader_is_late_it_fades_waits_and_counts():
    ring = Ring()
    ring.write(np.full(4000, 0.5))
    heard = ring.hear(6000)
    assert np.abs(np.diff(heard)).max() < 0.5 * 2 / FADE
    silent = np.count_nonzero(heard == 0)
    assert silent > 0 and silent - ring.words[DROPPED] in (0, 1)  # the fade's last one
    kept = int(ring.record["frame"])
    assert kept < 4000
    ring.write(np.full(9000, 0.5))
    again = ring.hear(2000)
    np.testing.assert_allclose(again[FADE + 1 :], 0.5)
    assert ring.record["frame"] == kept + 2000  # nothing of the file is lost


def test_pause_and_stop_fade():
    ring = Ring()
    ring.write(np.full(9000, 0.5))
    ring.words[PLAYING] = 0
    heard = ring.hear(1000)
    assert np.abs(np.diff(heard)).max() < 0.5 * 2 / FADE and not heard[FADE + 1 :].any()
    assert ring.words[DROPPED] == 0  # it was asked for
    ring.words[PLAYING] = 1
    assert ring.hear(1000)[-1] == 0.5
    ring.words[STOPPING] = 1
    heard = ring.hear(1000)
    assert heard[0] > 0.4 and heard[-1] == 0 and ring.life == GONE


def test_one_that_has_not_begun_ends_at_once():
    ring = Ring()
    ring.write(noise(9000))
    ring.record["start"] = 1 << 40
    assert not ring.hear(1000).any() and ring.life == ACTIVE
    ring.words[STOPPING] = 1
    ring.hear(1)
    assert ring.life == GONE


@pytest.mark.parametrize("segment", [1, 7, 100])
def test_any_cut_gives_the_same_frames(segment):
    def hear(segment):
        ring = Ring()
        ring.record["start"], ring.record["to_step"] = 500, 1.7
        ring.write(noise(12_000))
        parts = [ring.hear(2000, segment)]
        ring.jump(noise(3000, seed=1))
        ring.record["to_gain"] = 0.3
        return np.concatenate([*parts, ring.hear(700, segment)])

    np.testing.assert_array_equal(hear(segment), hear(layout.SEGMENT))
