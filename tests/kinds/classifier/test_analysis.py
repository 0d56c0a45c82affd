"""The analysis thread's work, done by hand: windows, drops, states, hours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudio_dl.core.control import pop_many
from rtaudio_dl.core.counters import ANALYSIS_COUNTERS, INPUT_COUNTERS, WORKER_COUNTERS
from rtaudio_dl.core.ring import DROPPED
from rtaudio_dl.dsp.onset import reset_onset
from rtaudio_dl.dsp.rational_resampler import delay
from rtaudio_dl.engine import events, layout
from rtaudio_dl.engine.detection import DETECTION
from rtaudio_dl.engine.events import EVENT
from rtaudio_dl.engine.input import INPUT_FRAMES
from rtaudio_dl.kinds.classifier.listener import choose_channels
from rtaudio_dl.kinds.classifier.model import open_classifier
from tests.entries import hear_file, take_chunk, take_input
from tests.models.models import write_loudness

RATE = 48_000
HOP = 160  # the loudness model's window and hop, at 16 kHz: 10 ms
FIELDS = ("frame", "begin", "end", "label", "on", "confidence", "level")


@pytest.fixture(scope="module")
def loudness(tmp_path_factory):
    return write_loudness(tmp_path_factory.mktemp("models") / "loudness.onnx", HOP)


class Analysis:
    """A model that hears what the test gives it, with or without an engine."""

    def __init__(self, model, rate: int = RATE, channels: int = 1, live: bool = False):
        self.engine = layout.Engine(rate) if live else None
        self.ear = open_classifier(model, rate, engine=self.engine, dc=True)
        self.memory = self.ear.memory
        choose_channels(self.memory.input, channels, None)

    def hear(self, frames) -> None:
        """A piece of a file."""
        frames = np.asarray(frames, np.float32)
        hear_file(self.memory, frames if frames.ndim == 2 else frames[:, None])

    def play(self, frames) -> None:
        """A block of the audio thread."""
        take_input(self.engine, np.asarray(frames, np.float32)[:, None], True)
        self.engine.master["frame"] += len(frames)

    def analyse(self) -> int:
        """Do all the thread has to do; how many frames it took."""
        taken = 0
        while count := take_chunk(self.memory):
            taken += count
        return taken

    def events(self) -> list[tuple]:
        batch, told = np.zeros(64, DETECTION), []
        while count := pop_many(self.memory.ring, self.memory.cursors, batch):
            told += [tuple(r[name].item() for name in FIELDS) for r in batch[:count]]
        return told

    def notes(self) -> list[tuple]:
        batch = np.zeros(64, EVENT)
        count = pop_many(self.engine.ear_ring, self.engine.ear_cursors, batch)
        return [
            tuple(r[n].item() for n in ("kind", "key", "channel", "value"))
            for r in batch[:count]
        ]

    def count(self, name: str) -> int:
        if name in INPUT_COUNTERS:
            return int(self.memory.input_counters[INPUT_COUNTERS.index(name)])
        if name in ANALYSIS_COUNTERS:
            return int(self.memory.counters[ANALYSIS_COUNTERS.index(name)])
        number = WORKER_COUNTERS.index(name)
        return int(self.memory.worker["counters"][0, number])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ear.close()


def beeps(*places: int, size: int = RATE // 2, level: float = 0.8) -> np.ndarray:
    """Silence with tones of 50 ms."""
    sound = np.zeros(size)
    for place in places:
        tone = level * np.sin(2 * np.pi * 500 * np.arange(2400) / RATE)
        sound[place : place + 2400] = tone[: size - place]
    return sound


def test_a_sound_is_told_by_the_first_window_that_it_fills(loudness):
    with Analysis(loudness) as analysis:
        analysis.hear(beeps(4800))
        half = delay(analysis.memory.resampler)
        (frame, begin, end, label, on, confidence, level), (later, *_) = (
            analysis.events()
        )
    assert (label, on) == (0, 1) and confidence == pytest.approx(0.8, abs=0.02)
    assert 4800 < frame <= 4800 + 3 * HOP + 200  # the hop, and the filter's half
    assert frame == end and frame - begin == 3 * (HOP - 1) + half + 1
    assert level == pytest.approx(0.8, abs=0.02)
    assert later > 4800 + 2400


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from([8_000, 44_100, 48_000]),
    st.lists(st.integers(1, 700), min_size=1, max_size=6),
    st.integers(0, 2**32),
)
def test_any_cut_gives_the_same_events(loudness, rate, cuts, seed):
    random = np.random.default_rng(seed)
    loud = np.repeat(random.uniform(0, 1, 20), 601)
    sound = loud * random.uniform(-1, 1, len(loud))
    told = []
    for sizes in ((len(sound),), cuts):
        with Analysis(loudness, rate) as analysis:
            done = number = 0
            while done < len(sound):
                size = sizes[number % len(sizes)]
                analysis.hear(sound[done : done + size])
                done, number = done + size, number + 1
            told.append((analysis.events(), analysis.count("runs")))
    assert told[0] == told[1]


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=6))
def test_live_blocks_give_the_events_of_a_file(loudness, cuts):
    sound = beeps(3000, 9000, 12_000)
    with Analysis(loudness) as analysis:
        analysis.hear(sound)
        expected = analysis.events()
    with Analysis(loudness, live=True) as analysis:
        analysis.engine.master["frame"] = start = 777
        done = number = 0
        while done < len(sound):
            block = sound[done : done + cuts[number % len(cuts)]]
            analysis.play(block)
            analysis.analyse()
            done, number = done + len(block), number + 1
        heard = analysis.events()
    assert [(f - start, b - start, e - start, *rest) for f, b, e, *rest in heard] == (
        expected
    )


def test_a_model_that_is_behind_leaves_hops_out_and_hears_the_newest(loudness):
    with Analysis(loudness, live=True) as analysis:
        patience = int(analysis.memory.state["patience"][0])
        assert patience == 0.1 * RATE
        analysis.play(beeps(RATE - 2400, size=RATE))
        assert analysis.analyse() == RATE
        dropped = analysis.count("dropped_hops")
        assert dropped == pytest.approx((RATE - patience) / (3 * HOP), abs=2)
        assert analysis.count("runs") == analysis.count("hops") - dropped
        assert [e[4] for e in analysis.events()] == [1]
        assert analysis.count("gaps") == 0


def test_a_ring_that_was_full_costs_what_is_stale_and_not_the_time(loudness):
    with Analysis(loudness, live=True) as analysis:
        for _ in range(INPUT_FRAMES // 4096 + 3):
            analysis.play(np.zeros(4096))
        assert analysis.memory.input_cursors[DROPPED] > 0
        assert analysis.analyse() == 0  # all of it was stale
        assert analysis.count("gaps") == 1
        start = int(analysis.engine.master["frame"][0])
        analysis.play(beeps(1000, size=4096))
        analysis.analyse()
        (event, *_) = analysis.events()
    assert start + 1000 < event[0] <= start + 1000 + 3 * HOP + 200


def test_what_is_heard_plays_its_key_and_lifts_it(loudness):
    with Analysis(loudness, live=True) as analysis:
        triggers = analysis.memory.triggers
        triggers["channel"], triggers["velocity"] = 9, 0.25
        analysis.memory.trigger_keys[:] = 38
        analysis.play(beeps(1000, size=6000))
        analysis.analyse()
        assert analysis.notes() == [
            (events.NOTE_ON, 38, 9, 0.25),
            (events.NOTE_OFF, 38, 9, 0.0),
        ]


@pytest.mark.parametrize("level, velocity", [(1.0, 1.0), (0.25, 0.75), (0.001, 0.05)])
def test_an_onset_plays_in_its_own_block_as_loud_as_it_was(loudness, level, velocity):
    with Analysis(loudness, live=True) as analysis:
        engine = analysis.engine
        reset_onset(engine.onset, RATE, 4.0, 1e-4)
        engine.onset_on[0], engine.onset_key[0] = 1, 40
        trigger = engine.onset_trigger
        trigger["channel"], trigger["velocity"] = 2, -2.0
        block = np.zeros(256)
        block[30:90] = level * np.where(np.arange(60) % 20 < 10, 1, -1)
        analysis.play(block)
        batch = np.zeros(4, EVENT)
        assert pop_many(engine.cycle_ring, engine.cycle_cursors, batch) == 1
    note = batch[0]
    assert (note["kind"], note["key"], note["channel"]) == (events.NOTE_ON, 40, 2)
    assert note["time"] == 30 + round(0.002 * RATE) + 1
    assert note["value"] == pytest.approx(velocity, abs=0.13)


# --- what a microphone may bring


def test_nan_and_infinity_are_silence_and_counted(loudness):
    sound = beeps(4800)
    sound[1000], sound[1001], sound[2000] = np.nan, np.inf, -np.inf
    with Analysis(loudness) as analysis:
        analysis.hear(sound)
        assert analysis.count("input_not_finite") == 3
        assert [e[4] for e in analysis.events()] == [1, 0]


def test_full_scale_is_counted(loudness):
    with Analysis(loudness) as analysis:
        analysis.hear(np.clip(beeps(0, level=3.0, size=2400), -1, 1))
        assert analysis.count("input_clipped") > 500


def test_dc_is_taken_out_unless_it_is_wanted(loudness):
    for dc, loud in ((True, 1), (False, 0)):
        with Analysis(loudness) as analysis:
            if not dc:
                analysis.memory.state["dc_pole"] = 0.99
            analysis.hear(np.full(RATE, 0.7))
            assert analysis.memory.classes["on"][0] == loud


@pytest.mark.parametrize("channels", [1, 2, 5, 32])
def test_all_channels_are_mixed_alike(loudness, channels):
    sound = np.zeros((RATE // 4, channels))
    sound[:, -1] = channels * 0.5
    with Analysis(loudness, channels=channels) as analysis:
        analysis.hear(sound)
        assert analysis.memory.smoothed[0] == pytest.approx(0.5, abs=1e-3)


def test_scores_that_are_no_numbers_are_muted_and_the_states_begin_anew(loudness):
    with Analysis(loudness) as analysis:
        state = analysis.ear.binding.inputs["count"]
        analysis.hear(np.zeros(4800))
        assert state[0, 0] == analysis.count("runs") == 9
        analysis.hear(np.full(960, 1.5))
        assert analysis.count("muted") >= 1
        assert state[0, 0] < 2
        analysis.hear(np.zeros(4800))
        assert analysis.memory.smoothed[0] < 0.1
        assert all(0 <= event[5] <= 1 for event in analysis.events())


def test_a_day_of_listening_grows_nothing(tmp_path):
    """Counters begin where half a day has brought them; 20 minutes follow."""
    model = write_loudness(tmp_path / "slow.onnx", 1600)
    with Analysis(model, rate=16_000, live=True) as analysis:
        engine, memory = analysis.engine, analysis.memory
        memory.state["patience"] = 8192  # the blocks here are larger than a device's
        half_a_day = 12 * 3600 * 16_000
        engine.master["frame"] = half_a_day
        for cursors in (engine.input_cursors, memory.cursors, memory.trace_cursors):
            cursors[[0, 8]] = half_a_day
        sizes = [array.nbytes for array in memory.arrays]
        block = np.zeros(4096)
        block[:400] = 0.9
        for _ in range(1200 * 16_000 // 4096):
            analysis.play(block)
            analysis.analyse()
            told = analysis.events()
        assert analysis.count("dropped_hops") == analysis.count("gaps") == 0
        assert [array.nbytes for array in memory.arrays] == sizes
        at = half_a_day + 1200 * 16_000
        assert at - 8192 < told[0][0] <= at
        assert analysis.count("detections") > 3000
