"""The life of voices: how they begin, who ends whom, and no click at any end."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.engine import events, layout, parameters
from rtaudio_dl.patches.patch import Key
from tests.engine.clicks import (
    click_db,
    level_of,
)
from tests.engine.rig import RATE, Rig, level, onset, sine

LOW_HZ = 200  # nothing of it is above 8 kHz
AT = 4860  # at the crest of the tone, where a cut is loudest
CUT_DB = -20.4  # what a plain cut of this tone there gives


def tone_rig(polyphony: int = 8, keys=range(40, 60), **fields) -> Rig:
    rig = Rig(polyphony)
    rig.add(sine(96_000, LOW_HZ, 0.3), keys=keys, **fields)
    return rig


def steal() -> Rig:
    rig = tone_rig(polyphony=1)
    rig.add(level(9600, 0.0), channels=[1])
    rig.on(40)
    rig.on(channel=1, at=AT)
    return rig


def choke() -> Rig:
    rig = tone_rig(keys={40: Key(choke=1), 41: Key(choke=1, gain=0)})
    rig.on(40)
    rig.on(41, at=AT)
    return rig


def release(seconds: float) -> Rig:
    rig = tone_rig(parameters={"release": seconds})
    rig.on(40)
    rig.off(40, at=AT)
    return rig


def control(number: int, value: float) -> Rig:
    rig = tone_rig()
    rig.on(40)
    rig.control(number, value, at=AT)
    return rig


def bend() -> Rig:
    rig = tone_rig()
    rig.on(40)
    rig.send(events.PITCH_BEND, 0, 1.0, time=AT)
    return rig


def gain_parameter() -> Rig:
    rig = tone_rig()
    rig.on(40)
    rig.send(events.PARAMETER, parameters.GAIN, 0.0, time=AT)
    return rig


ENDS = {
    "steal": (steal, -65),
    "choke": (choke, -65),
    "release of 80 ms": (lambda: release(0.08), -90),
    "release of 1 ms": (lambda: release(0.001), -55),
    "shortest release": (lambda: release(0), -45),
    "all sound off": (lambda: control(120, 0), -65),
    "all notes off": (lambda: control(123, 0), -90),
    "volume to nothing": (lambda: control(7, 0), -65),
    "pan": (lambda: control(10, 0), -65),
    "gain to nothing": (gain_parameter, -65),
    "pitch bend": (bend, -100),
}


@pytest.mark.parametrize("name", ENDS)
def test_nothing_that_ends_or_changes_a_note_clicks(name):
    make, budget_db = ENDS[name]
    audio = make().render(9600)
    assert onset(audio) < 10
    assert click_db(audio, 1000) < budget_db


def test_the_ear_for_clicks_hears_a_plain_cut():
    tone = sine(9600, LOW_HZ, 0.3)
    tone[AT:] = 0
    assert click_db(tone, 1000) == pytest.approx(CUT_DB, abs=1)


def test_a_sound_that_begins_in_mid_air_does_not_click():
    rig = Rig()
    rig.add(np.roll(sine(96_000, LOW_HZ, 0.3), 60))
    rig.on()
    assert click_db(rig.render(4800)) < -30


def test_a_flood_of_100_000_notes_a_second_neither_clicks_nor_fails():
    rig, random = Rig(), np.random.default_rng(1)
    rig.add(sine(96_000, LOW_HZ, 0.02), keys=range(128))
    per_block, parts = 100_000 * 128 // RATE, []
    for _ in range(150):
        for frame in random.integers(0, 128, per_block):
            key, velocity = random.integers(128), random.uniform(0.1, 1)
            rig.on(int(key), velocity, at=rig.frame + int(frame))
        parts.append(rig.render(128))
    audio = np.concatenate(parts)
    assert rig.count("notes") == 150 * per_block
    assert rig.count("cut") > 1000  # places ran out: that is what was to be tried
    assert rig.count("lost_notes") == 0
    assert click_db(audio) < -45
    assert np.isfinite(audio).all()


# --- notes


@pytest.mark.parametrize("one_shot", [False, True])
@pytest.mark.parametrize("apart", [0, 1, 100])
def test_a_note_on_and_off_in_one_block_sounds(apart, one_shot):
    rig = tone_rig(one_shot=one_shot)
    rig.on(40, at=10)
    rig.off(40, at=10 + apart)
    audio = rig.render(4800)
    # Two periods, 10 ms, at its full level.
    assert np.abs(audio[10:250]).max() == pytest.approx(0.3, rel=0.05)
    assert np.abs(audio[250:490]).max() == pytest.approx(0.3, rel=0.05)


def test_a_one_shot_ignores_note_off_and_ends_by_itself():
    rig = tone_rig(one_shot=True)
    rig.on(40)
    rig.off(40, at=100)
    held = rig.render(96_000)
    assert level_of(held[90_000:])[0] == pytest.approx(0.3 / 2**0.5, rel=0.01)
    rig.render(200)
    assert rig.active() == 0


def test_a_key_struck_again_lets_go_of_its_old_note():
    rig = tone_rig(parameters={"release": 0.005})
    rig.on(40)
    rig.on(40, at=4800)
    rig.render(9600)
    assert rig.active() == 1


def test_strikes_of_a_one_shot_ring_together():
    rig = tone_rig(one_shot=True)
    for at in (0, 100, 200):
        rig.on(40, at=at)
    rig.render(4800)
    assert rig.active() == 3


@pytest.mark.parametrize("one_shot, voices", [(True, 2), (False, 1)])
def test_a_voice_obeys_the_patch_it_was_struck_with(one_shot, voices):
    """After a program change the same key is struck on the same channel."""
    rig = tone_rig(one_shot=one_shot, parameters={"release": 0.005})
    rig.load(sine(9600, 300, 0.1), keys=[40], one_shot=not one_shot)
    rig.settle(1)
    rig.on(40)
    rig.send(events.PATCH, 1, time=100)
    rig.on(40, at=200)
    rig.render(4800)
    assert rig.active() == voices


def test_a_lost_note_takes_nobodys_place():
    rig = tone_rig(polyphony=1, freshness="fresh")
    rig.on(40)
    rig.render(1000)
    rig.instruments[0].memory.free_count[0] = 0
    rig.on(41, at=rig.frame)
    assert np.abs(rig.render(1000)[500:]).max() > 0.25
    assert (rig.count("lost_notes"), rig.count("stolen")) == (1, 0)


@pytest.mark.parametrize("polyphony", [1, 8, 32, 64])
def test_polyphony_is_a_limit(polyphony):
    rig = tone_rig(polyphony=polyphony)
    for i in range(3 * polyphony):
        rig.on(40 + i % 20, 0.5, channel=i % 16, at=100 * i)
    sounding = []
    for _ in range(3 * polyphony * 100 // 128 + 4):
        rig.render(128)
        voices = rig.engine.voices[rig.engine.voices["life"] == layout.SOUNDING]
        sounding.append(np.count_nonzero(voices["stage"] != layout.STAGE_FADE))
    assert max(sounding) == polyphony
    assert rig.count("stolen") == 2 * polyphony


def sounding_keys(rig: Rig) -> list[int]:
    voices = rig.engine.voices
    there = voices["life"] == layout.SOUNDING
    return sorted(voices["key"][there & (voices["stage"] != layout.STAGE_FADE)])


def test_released_notes_are_stolen_before_held_ones_and_the_faintest_first():
    rig = tone_rig(polyphony=3, parameters={"release": 0.5})
    for key in (40, 41, 42):
        rig.on(key, at=key)  # 40 is the oldest, and held
    rig.off(42, at=2000)
    rig.off(41, at=4000)
    rig.render(6000)
    left = []
    for key in (50, 51, 52):
        rig.on(key, at=rig.frame)
        rig.render(600)
        left.append(sounding_keys(rig))
    assert left == [[40, 41, 50], [40, 50, 51], [50, 51, 52]]


def test_choke_groups_choke_their_own_patch_only():
    rig = Rig()
    keys = {k: Key(choke=g, latent=k) for k, g in ((42, 1), (46, 1), (50, 2), (51, 0))}
    for _ in range(2):
        rig.add(sine(96_000, LOW_HZ, 0.05), keys=keys, one_shot=True)
    rig.now(events.PATCH, 0, channel=1)  # channel 0 plays patch 1
    for channel in (0, 1):
        for key in (46, 50, 51):
            rig.on(key, channel=channel)
    rig.on(42, channel=1, at=4800)
    rig.render(9600)
    voices = rig.engine.voices[rig.engine.voices["life"] != layout.IDLE]
    left = sorted(zip(voices["node"].tolist(), voices["key"].tolist(), strict=True))
    assert left == [(0, 42), (0, 50), (0, 51), (1, 46), (1, 50), (1, 51)]
    assert rig.count("choked") == 1


# --- late


def test_a_late_note_is_silence_then_starts_and_is_counted():
    rig = Rig()
    rig.add(level(9600), freshness="fresh")
    rig.on(at=10)
    assert not rig.render(1000, serve=False).any()
    rig.serve()
    assert onset(rig.render(500)) == 0
    assert rig.count("late_notes") == 1
    assert rig.count("late_frames") == 990
    (note,) = rig.notes()
    assert (note["asked"], note["frame"]) == (10, 1000)


def test_a_late_note_that_was_lifted_sounds_briefly():
    rig = Rig()
    rig.add(level(9600), freshness="fresh", parameters={"release": 0.001})
    rig.on()
    rig.off(at=100)
    rig.render(1000, serve=False)
    rig.serve()
    audio = rig.render(4800)
    assert onset(audio) == 0
    assert rig.active() == 0


@pytest.mark.parametrize("number", [120, 123])
def test_a_late_note_can_be_called_off(number):
    rig = Rig()
    rig.add(level(9600), freshness="fresh", parameters={"release": 0.001})
    rig.on()
    rig.control(number, 0, at=200)
    rig.render(500, serve=False)
    assert rig.active() == (number == 123)
    rig.serve()
    rig.render(4800)
    assert rig.active() == 0
    rig.sweep()
    assert rig.free_slots(0)[0] == rig.free_slots(0)[1]
