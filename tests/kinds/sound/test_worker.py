"""The inference thread: what the model is given, what becomes of what it gives."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from scipy import stats

from rtaudio_dl.core.control import load_word, readable, store_word
from rtaudio_dl.core.counters import WORKER_COUNTERS
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import load_acquire, record_at, words_at
from rtaudio_dl.core.worker import wake
from rtaudio_dl.dsp.resampler import PADDING
from rtaudio_dl.engine.layout import ENGINE
from rtaudio_dl.host.host import Host
from rtaudio_dl.kinds.sound import kind, pool
from rtaudio_dl.kinds.sound.entries import serve, work
from rtaudio_dl.kinds.sound.memory import READY, SHARED
from rtaudio_dl.kinds.sound.worker import draw_latent
from rtaudio_dl.patches.patch import Key
from tests.engine.clicks import click_db
from tests.engine.models import FRAMES, LATENT, PITCH_SCALE, SHOWS, write_mirror
from tests.engine.rig import make_patch
from tests.entries import free_if_unused, request
from tests.models.models import write_oneshot, write_slow

PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    return write_mirror(tmp_path_factory.mktemp("models") / "mirror.onnx")


def loaded(path, **fields) -> tuple[Host, object]:
    keys = {60: Key(classes={"kick": 0.75, "snare": 0.25}, latent=11)}
    patch = make_patch(**{"model": str(path), "keys": keys, "seed": 5} | fields)
    host = Host(provider="cpu")
    return host, host.load(patch)


def sound_of(host, instrument, number: int = 0) -> np.ndarray:
    """The sound of a strike, without its padding."""
    numbers = instrument.memory.slots["number"][: instrument.slots]
    ready = instrument.memory.slot_life[: instrument.slots]
    (slot,) = np.flatnonzero((numbers == number) & (ready == READY))
    return instrument.sounds[slot, PADDING:-PADDING]


def worker_counts(host) -> dict[str, int]:
    counted = kind.crew(host.engine).worker["counters"][0]
    counts = zip(WORKER_COUNTERS, counted, strict=True)
    return {name: int(n) for name, n in counts}


# --- what the model is given


def test_the_model_gets_the_keys_class_pitch_and_velocity(mirror):
    host, instrument = loaded(mirror)
    with host:
        sound = sound_of(host, instrument)
    assert sound[SHOWS["class"]].tolist() == [0.75, 0.25]
    assert sound[SHOWS["pitch"]] == pytest.approx(60 * PITCH_SCALE)
    assert sound[SHOWS["velocity"]] == 1.0


def test_a_fresh_sound_knows_how_hard_its_key_was_struck(mirror):
    host, instrument = loaded(mirror, freshness="fresh")
    with host:
        host.note_on(60, 0.25)
        host.render(0.004)  # it sounds still
        assert sound_of(host, instrument)[SHOWS["velocity"]] == 0.25


@pytest.mark.parametrize("number", [0, 1])
def test_the_latent_is_that_of_seed_key_and_strike(mirror, number):
    host, instrument = loaded(mirror, parameters={"variation": 0.3, "morph": 0.2})
    expected = np.zeros(LATENT, np.float32)
    draw_latent(expected, np.uint64(5), 11, number, 0.2, 0.3)
    with host:
        assert np.array_equal(
            sound_of(host, instrument, number)[SHOWS["latent"]], expected
        )


def test_a_uniform_latent_is_uniform(tmp_path):
    extra = {"latent_distribution": "uniform"}
    path = write_mirror(tmp_path / "uniform.onnx", extra=extra)
    keys = {k: Key(latent=k) for k in range(128)}
    host, instrument = loaded(path, keys=keys, depth=4, parameters={"variation": 1.0})
    with host:
        drawn = instrument.sounds[: 4 * 128, PADDING : PADDING + LATENT].ravel()
    assert stats.kstest(drawn, "uniform", (-1, 2)).pvalue > 1e-3
    assert np.abs(drawn).max() < 1


@pytest.mark.parametrize("variation, alike", [(0.0, True), (0.15, False), (1.0, False)])
def test_variation_makes_strikes_differ(tmp_path, variation, alike):
    path = write_oneshot(tmp_path / "tones.onnx", latent=64)
    host, instrument = loaded(
        path, keys=[60], depth=4, parameters={"variation": variation}
    )
    with host:
        first, second = sound_of(host, instrument, 0), sound_of(host, instrument, 1)
        assert np.array_equal(first, second) == alike
        character = np.corrcoef(first, second)[0, 1]
    assert character > (0.9 if variation < 0.5 else -1)


# --- what becomes of what the model gives


def test_a_model_that_gives_nan_is_muted_and_counted(mirror):
    host, instrument = loaded(mirror)
    with host:
        instrument.class_table[60] = np.nan
        host.note_on(60)
        host.render(0.1)
        assert worker_counts(host)["muted"] == 1
        assert not sound_of(host, instrument, 2).any()
        assert np.isfinite(host.render(0.1)).all()


@pytest.mark.parametrize("weight, muted", [(3.9, 0), (4.1, 1), (np.inf, 1)])
def test_a_model_that_gives_far_too_much_is_muted(mirror, weight, muted):
    host, instrument = loaded(mirror)
    with host:
        instrument.class_table[60] = weight
        host.note_on(60)
        host.render(0.1)
        assert worker_counts(host)["muted"] == muted
        assert sound_of(host, instrument, 2).any() == (not muted)


def test_a_run_that_fails_is_silence_and_counted_and_the_next_one_works(mirror):
    host, instrument = loaded(mirror)
    binding = instrument.memory.model[0]
    inputs = int(binding["inputs"])
    with host:
        binding["inputs"] = 0
        host.note_on(60)
        host.render(0.1)
        binding["inputs"] = inputs
        assert worker_counts(host)["failed_runs"] == 1
        assert not sound_of(host, instrument, 2).any()
        host.note_on(60)
        host.render(0.1)
        assert worker_counts(host)["failed_runs"] == 1
        assert sound_of(host, instrument, 3).any()


def test_the_padding_stays_silent(mirror):
    host, instrument = loaded(mirror)
    with host:
        assert not instrument.sounds[:, :PADDING].any()
        assert not instrument.sounds[:, -PADDING:].any()


def test_a_sound_that_ends_in_mid_air_is_faded_out(tmp_path):
    host, instrument = loaded(write_mirror(tmp_path / "long.onnx", frames=4000))
    with host:
        end = sound_of(host, instrument)[-80:]
        assert end[0] > 0.98 and 0 < end[-1] < 0.02
        assert (np.diff(end) < 0).all()
        host.render(0.1)
        host.note_on(60, at=0.1)
        audio = host.render(0.5)
    assert click_db(audio, 4800) < -55


def test_a_short_sound_keeps_three_quarters(mirror):
    host, instrument = loaded(mirror)
    with host:
        ones = sound_of(host, instrument)[SHOWS["one"]]
    assert (ones[: FRAMES * 3 // 4 - SHOWS["one"].start] == 1).all()


# --- the thread


class Working:
    """A host whose requests a native thread serves, as in live playing."""

    def __init__(self, path, **fields):
        self.host, self.instrument = loaded(path, **fields)
        self.crew = kind.crew(self.host.engine)
        self.crew.be_live()
        self.thread = threading.Thread(
            target=work, args=(self.host.engine, self.crew.memory)
        )

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.stop()
        self.host.close()

    def stop(self):
        store_word(self.crew.worker["stop"][0], 0, 1)
        self.crew.semaphore.post()
        self.thread.join(PATIENCE_SECONDS)
        assert not self.thread.is_alive()
        self.crew.be_alone()

    def request(self, number: int) -> int:
        engine = self.host.engine
        slot = request(engine, self.instrument.place, 60, number, 1.0)
        self.crew.semaphore.post()
        return slot

    def is_ready(self, slot: int) -> bool:
        return load_word(self.instrument.memory.slot_life, slot) == READY


def wait_for(fact) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_the_thread_sleeps_serves_and_stops(mirror):
    with Working(mirror, freshness="fresh") as working:
        for number in range(30):
            slot = working.request(number)
            wait_for(lambda slot=slot: working.is_ready(slot))
            free_if_unused(working.host.engine, working.instrument.place, slot)
        assert worker_counts(working.host)["runs"] == 30


def test_the_thread_catches_up_with_a_burst(mirror):
    with Working(mirror, freshness="fresh") as working:
        slots = [working.request(number) for number in range(60)]
        wait_for(lambda: all(working.is_ready(s) for s in slots))
        assert readable(working.crew.memory.request_cursors) == 0


def test_a_request_that_came_before_the_thread_is_served(mirror):
    working = Working(mirror, freshness="fresh")
    slot = working.request(0)
    with working:
        wait_for(lambda: working.is_ready(slot))


def test_the_thread_stops_between_two_sounds(tmp_path):
    path = write_slow(tmp_path / "slow.onnx", rounds=20)
    with Working(path, keys=[60], freshness="fresh") as working:
        slots = [working.request(number) for number in range(60)]
        wait_for(lambda: worker_counts(working.host)["runs"] > 0)
        working.stop()
        assert not all(working.is_ready(slot) for slot in slots)
        # What was left is served by whoever comes next.
        assert serve(working.host.engine, working.instrument.place) > 0


@rt_entry("vpwwp")
def _ask_until_told(address, place, key, told):
    """A native thread in the audio thread's place: a request, its sound, the next."""
    engine = record_at(address, ENGINE)
    sound, words = pool.sound_of(engine, place), words_at(told, 1)
    asked = 0
    while load_acquire(words, 0) == 0:
        slot = pool.request(engine, place, key, asked, 1.0)
        wake(record_at(sound.shared, SHARED).worker[0])
        while not pool.is_ready(sound, slot) and load_acquire(words, 0) == 0:
            pass
        pool.free_if_unused(sound, slot)
        asked += 1


def test_a_thread_that_holds_the_gil_stops_nothing(mirror):
    with Working(mirror, freshness="fresh") as working:
        told, engine = np.zeros(1, np.int64), working.host.engine
        arguments = (engine, working.instrument.place, 60, told)
        told[0] = 1
        _ask_until_told(*arguments)  # compiled before the clock runs
        told[0] = 0
        audio = threading.Thread(target=_ask_until_told, args=arguments)
        audio.start()
        wait_for(lambda: worker_counts(working.host)["runs"] > 0)
        before = worker_counts(working.host)["runs"]
        _ = 3**6_000_000  # one call into C: no other Python thread runs meanwhile
        after = worker_counts(working.host)["runs"]
        told[0] = 1
        audio.join()
    assert after - before > 100
