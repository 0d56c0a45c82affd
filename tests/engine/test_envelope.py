"""What a note sounds like: level, pan, envelope, pitch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudio_dl.engine import events
from rtaudio_dl.patches.patch import Key
from tests.engine.clicks import cents, decibels, envelope_of, level_of, pitch_of
from tests.engine.rig import RATE, Rig, sine


def tone_rig(keys=(40,), parameters=None) -> Rig:
    rig = Rig()
    rig.add(sine(96_000, 200, 0.3), keys=keys, parameters=parameters)
    return rig


def heard_level(velocity=1.0, parameters=None, **key) -> np.ndarray:
    rig = tone_rig(keys={40: Key(**key)}, parameters=parameters)
    rig.on(40, velocity)
    return level_of(rig.render(9600)[4800:])


@pytest.mark.parametrize("curve", [0.5, 1.6, 4.0])
def test_velocity_is_loudness_by_its_curve(curve):
    levels = [
        heard_level(v, {"velocity_curve": curve})[0] for v in (0.1, 0.4, 0.7, 1.0)
    ]
    assert levels == sorted(levels)
    assert levels[1] / levels[3] == pytest.approx(0.4**curve, rel=0.01)


def test_soft_notes_are_darker():
    def brightness(velocity):
        rig = Rig()
        noise = np.random.default_rng(0).normal(0, 0.1, 48_000)
        rig.add(noise, parameters={"brightness": 1.0})
        rig.on(velocity=velocity)
        audio = rig.render(24_000)[2400:]
        return decibels(level_of(np.diff(audio, axis=0))[0] / level_of(audio)[0])

    shades = [brightness(v) for v in (0.05, 0.3, 0.6, 1.0)]
    assert all(later > earlier + 1 for earlier, later in itertools.pairwise(shades))


@given(st.floats(-1, 1))
def test_pan_keeps_the_power(pan):
    left, right = heard_level(pan=pan)
    middle = heard_level()[0]
    assert left**2 + right**2 == pytest.approx(2 * middle**2, rel=1e-3)
    assert (left > right) == (pan < 0) or abs(pan) < 1e-6


@pytest.mark.parametrize("pan, silent", [(-1, 1), (1, 0)])
def test_a_note_panned_hard_is_on_one_side_only(pan, silent):
    levels = heard_level(pan=pan)
    assert levels[silent] < 1e-6 < 0.1 < levels[1 - silent]


def test_pans_of_key_patch_and_channel_add_up_and_stop_at_the_side():
    rig = tone_rig(keys={40: Key(pan=0.5)}, parameters={"pan": 0.5})
    rig.on(40)
    rig.control(10, 1.0)
    left, right = level_of(rig.render(9600)[4800:])
    assert left < 1e-6 < right


@pytest.mark.parametrize(
    "number, value, gain",
    [(7, 100 / 127, 1.0), (7, 50 / 127, 0.25), (11, 0.5, 0.25), (11, 1.0, 1.0)],
)
def test_volume_and_expression_are_gains(number, value, gain):
    rig = tone_rig()
    rig.on(40)
    rig.control(number, value)
    heard = level_of(rig.render(9600)[4800:])[0]
    assert heard == pytest.approx(gain * 0.3 / 2**0.5, rel=0.01)


# --- envelope


def heard_envelope(off=None, frames=48_000, **parameters) -> np.ndarray:
    rig = Rig()
    rig.add(sine(96_000, 1000, 0.3), parameters=parameters)
    rig.on()
    if off is not None:
        rig.off(at=off)
    return envelope_of(rig.render(frames), 1000) / 0.3


def test_attack_rises_in_a_straight_line_for_its_time():
    envelope = heard_envelope(attack=0.2)
    assert envelope[100] == pytest.approx(0.5, abs=0.01)
    assert envelope[205:400] == pytest.approx(1.0, abs=0.01)


def test_decay_falls_to_sustain_with_its_time_constant():
    envelope = heard_envelope(decay=0.1, sustain=0.25)
    assert envelope[100] == pytest.approx(0.25 + 0.75 / np.e, abs=0.02)
    assert envelope[900:] == pytest.approx(0.25, abs=0.01)


def test_release_falls_with_its_time_constant():
    envelope = heard_envelope(off=24_000, release=0.1)
    assert envelope[490] == pytest.approx(1.0, abs=0.01)
    assert envelope[600] == pytest.approx(1 / np.e, abs=0.02)


def test_a_release_within_the_attack_starts_from_where_it_is():
    envelope = heard_envelope(off=4800, attack=0.4, release=0.1)
    assert envelope.max() == pytest.approx(0.25, abs=0.02)


def test_a_released_voice_ends_at_minus_100_db():
    rig = Rig()
    rig.add(sine(96_000), parameters={"release": 0.01})
    rig.on()
    rig.off(at=1000)
    rig.render(1000 + round(0.01 * 11.6 * RATE) + 130)
    assert rig.active() == 0


# --- pitch


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("shift, tune", [(0, 0), (7, 0), (0, -12), (3.5, 8.25)])
def test_a_key_sounds_at_its_pitch(rate, shift, tune):
    rig = Rig()
    hz = 400.0
    sound = 0.3 * np.sin(2 * np.pi * hz * np.arange(2 * rate) / rate)
    rig.add(sound, rate=rate, keys={40: Key(shift=shift)}, parameters={"tune": tune})
    rig.on(40)
    expected = hz * 2 ** ((shift + tune) / 12)
    heard = pitch_of(rig.render(24_000)[4800:], expected * 1.001)
    assert abs(cents(heard, expected)) < 0.05


@pytest.mark.parametrize("bend_range", [2, 12, 48])
@pytest.mark.parametrize("wheel", [-1.0, -0.25, 0.5, 1.0])
def test_the_wheel_bends_by_its_range(wheel, bend_range):
    rig = Rig()
    rig.add(sine(192_000, 400, 0.3), parameters={"bend_range": bend_range})
    rig.on()
    rig.send(events.PITCH_BEND, 0, wheel, time=0)
    # Faster than 8 times a sound does not go.
    expected = 400 * min(2 ** (wheel * bend_range / 12), 8)
    heard = pitch_of(rig.render(19_200)[4800:], expected * 1.001)
    assert abs(cents(heard, expected)) < 0.2


def test_the_wheel_glides():
    """Half way after about 1.4 ms: no step in pitch, and no lag to be felt."""
    rig = Rig()
    rig.add(sine(96_000, 1000, 0.3), parameters={"bend_range": 12})
    rig.on()
    rig.render(4800)
    rig.send(events.PITCH_BEND, 0, 1.0, time=rig.frame)
    steps = []
    for _ in range(960):
        rig.render(1)
        steps.append(rig.engine.voices["step"][0])
    assert steps == sorted(steps)
    assert steps[0] < 1.02
    assert steps[round(0.0014 * RATE)] == pytest.approx(1.5, abs=0.03)
    assert steps[-1] == pytest.approx(2.0, abs=1e-3)


def test_a_wheel_moves_only_its_channel():
    rig = Rig()
    rig.add(sine(96_000, 400, 0.3), channels=[0, 1])
    rig.on(channel=1)
    rig.send(events.PITCH_BEND, 0, 1.0, channel=0, time=0)
    heard = pitch_of(rig.render(19_200)[4800:], 400.4)
    assert abs(cents(heard, 400)) < 0.05
