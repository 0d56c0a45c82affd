"""The master section: what comes out is finite, bounded, free of DC, else unchanged."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.engine import events
from tests.engine.rig import KEY, Rig, is_within_the_ceiling, level, sine


@pytest.mark.parametrize("gain", [1.0, 4.0, 100.0])
def test_sixteen_loud_voices_do_not_overshoot(gain):
    rig = Rig()
    rig.add(sine(4800, 90, 4.0), keys=range(16))
    rig.engine.master["gain"] = rig.engine.master["gain_now"] = gain
    for key in range(16):
        rig.on(key)
    audio = rig.render(4800)
    assert is_within_the_ceiling(audio)
    assert np.abs(audio).max() > 0.9
    assert rig.count("limited") > 1000


def test_below_the_knee_the_output_is_the_mix():
    """Two notes together are the sum of both: nothing in the way bends them."""

    def heard(*hz):
        rig = Rig()
        for place, tone in enumerate(hz):
            rig.add(sine(9600, tone, 0.2), channels=[place])
            rig.on(channel=place)
        return rig.render(9600)

    together = heard(200, 3000)
    assert np.abs(together - heard(200) - heard(3000)).max() < 1e-6
    assert 0.35 < np.abs(together).max() < 0.45


def test_the_limiter_lets_go():
    rig = Rig()
    rig.add(sine(96_000, 500, 0.1))
    rig.load(sine(2400, 500, 4.0))
    rig.now(events.PATCH, 1, channel=1)
    rig.settle(1)
    rig.on()
    rig.on(channel=1, at=9600)
    audio = rig.render(57_600)
    before, after = audio[4800:9600], audio[52_800:]
    assert np.abs(after).max() == pytest.approx(np.abs(before).max(), rel=0.01)


def test_silence_is_silence_before_and_after():
    rig = Rig()
    rig.add(sine(4800))
    assert not rig.render(4800).any()
    rig.on(at=rig.frame)
    assert rig.render(9600).any()
    rig.render(2 * 48_000)
    assert np.abs(rig.render(4800)).max() < 1e-9
    assert rig.active() == 0


@pytest.mark.parametrize("offset", [-0.5, 0.3])
def test_a_constant_offset_is_taken_away(offset):
    rig = Rig()
    rig.add(level(96_000, offset) + sine(96_000, 500, 0.1))
    rig.on()
    audio = rig.render(96_000)
    assert abs(audio[48_000:72_000].mean()) < 1e-3
    assert np.abs(audio[48_000:72_000]).max() == pytest.approx(0.1, rel=0.05)


def test_low_tones_pass_the_dc_blocker():
    rig = Rig()
    rig.add(sine(96_000, 40, 0.4))
    rig.on()
    assert np.abs(rig.render(96_000)[48_000:]).max() == pytest.approx(0.4, rel=0.02)


@pytest.mark.parametrize("where", ["residue", "dc_in", "dc_out"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_not_finite_mutes_a_frame_not_the_engine(where, bad):
    rig = Rig()
    rig.add(sine(96_000))
    rig.on()
    rig.render(4800)
    rig.engine.master[where][0, 0] = bad
    audio = rig.render(4800)
    assert np.isfinite(audio).all()
    assert rig.count("not_finite") >= 1
    assert np.abs(audio[-480:, 0]).max() == pytest.approx(0.5, rel=0.05)


def test_memory_that_goes_bad_mutes_one_voice_while_it_sounds():
    rig = Rig()
    rig.add(sine(9600), keys=(KEY, 61))
    rig.on()
    rig.render(2400)
    rig.instruments[0].sounds[:] = np.nan
    assert np.isfinite(rig.render(9600)).all()
    rig.instruments[0].sounds[:] = 0.1
    rig.on(61, at=rig.frame)
    assert np.abs(rig.render(960)).max() > 0.05


def test_meters_show_the_peak_and_fall():
    rig = Rig()
    rig.add(sine(4800, 1000, 0.5), parameters={"pan": -1})
    rig.on()
    rig.render(4800)
    left, right = rig.engine.master["peak"][0]
    assert left == pytest.approx(0.5 * 2**0.5, rel=0.05)
    assert right < 1e-6
    rig.render(48_000)
    assert 0 < rig.engine.master["peak"][0, 0] < 0.05 * left
