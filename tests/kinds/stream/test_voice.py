"""Notes of a stream: when they begin, what they sound like, how they end."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.clicks import cents, click_db, decibels, envelope_of, pitch_of
from tests.engine.rig import onset
from tests.kinds.stream.models import LEVEL, RELEASE, write_sine
from tests.kinds.stream.rig import (
    A4,
    CONTROL_LATENCY,
    HOP_FRAMES,
    LATENCY,
    RATE,
    RISE,
    at,
    fitted,
    hertz,
    stream_host,
)


@pytest.fixture(scope="module")
def sine(tmp_path_factory):
    return write_sine(tmp_path_factory.mktemp("models") / "sine.onnx")


def played(model, frames, *notes, **fields):
    """Render notes (key, velocity, first frame, frame of the note-off or None)."""
    with stream_host(model, **fields) as host:
        for key, velocity, first, last in notes:
            host.note_on(key, velocity, at=at(first))
            if last is not None:
                host.note_off(key, at=at(last))
        return host.render(at(frames)), host.counts()


@pytest.mark.parametrize("frame", [0, 1, 127, 128, 4801])
def test_a_note_begins_a_constant_time_after_its_strike(sine, frame):
    audio, _ = played(sine, frame + 2000, (96, 1.0, frame, None))
    assert LATENCY - RISE <= onset(audio, 1e-3) - frame <= LATENCY + RISE


def test_notes_at_any_frame_are_the_same_note(sine):
    first, _ = played(sine, 9600, (A4, 0.7, 1000, 6000))
    later, _ = played(sine, 9600 + 37, (A4, 0.7, 1037, 6037))
    np.testing.assert_array_equal(later[37:], first)


@pytest.mark.parametrize("key", range(36, 97, 12))
def test_notes_are_in_tune(sine, key):
    audio, _ = played(sine, 48_000, (key, 1.0, 0, None))
    assert abs(cents(pitch_of(audio[4800:], hertz(key)), hertz(key))) < 0.1


@pytest.mark.parametrize("key, floor_db", [(45, -80), (69, -80), (105, -75)])
def test_a_held_note_is_one_tone_without_a_seam(sine, key, floor_db):
    audio, counts = played(sine, 48_000, (key, 1.0, 0, None))
    tone, rest = fitted(audio[9600:14_400], hertz(key))
    assert tone == pytest.approx(LEVEL, rel=0.01)
    assert decibels(rest / tone) < floor_db
    assert counts["late_hops"] == 0


def test_velocity_reaches_the_model(sine):
    tones = [
        fitted(played(sine, 24_000, (A4, v, 0, None))[0][9600:], 440)[0]
        for v in (0.25, 1.0)
    ]
    assert tones[1] / tones[0] == pytest.approx(4, rel=1e-3)


def test_the_model_makes_the_release_and_the_voice_ends_after_it(sine):
    audio, counts = played(sine, 48_000, (93, 1.0, 0, 9600))
    level = envelope_of(audio, hertz(93))
    period = RATE / hertz(93)
    before = level[int((9600 + CONTROL_LATENCY - 2 * RISE) / period) - 2]
    assert before == pytest.approx(LEVEL, rel=0.02)
    # Each hop after the note-off leaves a part of the level.
    settled = 9600 + CONTROL_LATENCY + 2 * HOP_FRAMES
    for hops in (1, 2, 3):
        now = level[int((settled + hops * HOP_FRAMES) / period)]
        then = level[int((settled + (hops + 1) * HOP_FRAMES) / period)]
        assert then / now == pytest.approx(RELEASE, rel=0.15)
    assert counts["active_voices"] == 0
    assert np.abs(audio[24_000:]).max() < 1e-5


def test_a_note_that_is_lifted_at_once_is_heard(sine):
    audio, counts = played(sine, 24_000, (A4, 1.0, 100, 100))
    assert np.abs(audio).max() > 0.4 * LEVEL
    assert counts["active_voices"] == 0


def test_a_note_lasts_as_long_as_its_key_was_down(sine):
    """The patch's own release begins when the model's answer is heard, not before."""
    audio, _ = played(sine, 24_000, (93, 1.0, 0, 9600), parameters={"release": 0.0005})
    level = envelope_of(audio, hertz(93))
    ended = np.flatnonzero(level > 0.5 * LEVEL)[-1] * round(RATE / hertz(93))
    assert abs(ended - (9600 + CONTROL_LATENCY)) < 60


def test_the_pedal_holds_notes(sine):
    with stream_host(sine) as host:
        host.control(64, 1.0, at=0.0)
        host.note_on(A4, at=0.0)
        host.note_off(A4, at=0.1)
        held = host.render(0.5)
        host.control(64, 0.0, at=0.5)
        host.render(0.5)
        assert np.abs(held[-4800:]).max() > 0.3
        assert host.counts()["active_voices"] == 0


# The release of the model here goes down in steps, which can be heard a little.
@pytest.mark.parametrize("control, within, clicks", [(120, 0.02, -60), (123, 0.3, -45)])
def test_all_sound_and_all_notes_can_be_ended(sine, control, within, clicks):
    with stream_host(sine) as host:
        for key in (60, 64, 67):
            host.note_on(key, at=0.0)
        host.control(control, 0.0, at=0.2)
        audio = host.render(0.2 + within)
        assert host.counts()["active_voices"] == 0
        assert click_db(audio, 4800) < clicks


def test_a_stolen_voice_fades_without_a_click(sine):
    notes = [(45 + i, 0.6, 4800 * i, None) for i in range(8)]
    audio, counts = played(sine, 48_000, *notes, polyphony=2)
    assert counts["stolen"] == 6 and counts["active_voices"] == 2
    # From the second note on: the filters of the measurement have settled.
    assert click_db(audio, 2400) < -60


def test_a_choke_group_ends_its_notes(sine):
    from rtaudio_dl.patches.patch import Key

    keys = {60: Key(choke=1), 72: Key(choke=1), 84: Key()}
    notes = [(60, 0.5, 0, None), (84, 0.5, 0, None), (72, 0.5, 9600, None)]
    audio, counts = played(sine, 24_000, *notes, keys=keys)
    assert counts["choked"] == 1 and counts["active_voices"] == 2
    assert fitted(audio[14_400:], hertz(60))[0] < 0.01


def test_the_wheel_bends_the_pitch(sine):
    with stream_host(sine, parameters={"bend_range": 12}) as host:
        host.note_on(57, at=0.0)
        host.pitch_bend(1.0, at=0.3)
        audio = host.render(1.0)
        assert abs(cents(pitch_of(audio[24_000:], 440), 440)) < 0.1
        assert click_db(audio, 2400) < -60


def test_the_tune_of_the_patch_reaches_the_model(sine):
    audio, _ = played(sine, 24_000, (57, 1.0, 0, None), parameters={"tune": 12})
    assert abs(cents(pitch_of(audio[4800:], 440), 440)) < 0.1


def test_the_pad_mixes_the_corners(sine):
    corners = ((1.0, 0), (0.5, 0), (0.25, 0), (0.0, 0))
    for x, y, part in (
        (0, 0, 1),
        (1, 0, 0.5),
        (0, 1, 0.25),
        (1, 1, 0),
        (0.5, 0.5, 7 / 16),
    ):
        audio, _ = played(
            *(sine, 24_000, (A4, 1.0, 0, None)),
            corners=corners,
            parameters={"x": x, "y": y},
        )
        tone, _ = fitted(audio[9600:], 440)
        assert tone == pytest.approx(part * LEVEL, rel=0.01, abs=1e-4)


def test_a_way_over_the_pad_is_smooth(sine):
    with stream_host(sine, corners=("Full", "Half"), controls={1: "x"}) as host:
        host.note_on(45, 1.0, at=0.0)
        host.control(1, 1.0, at=0.3)
        audio = host.render(1.0)
        after = fitted(audio[28_800:], hertz(45))[0]
    assert after == pytest.approx(LEVEL / 2, rel=0.01)
    level = envelope_of(audio[4800:], hertz(45))
    assert np.abs(np.diff(level)).max() < 0.2 * LEVEL
    assert click_db(audio, 4800) < -60


def test_more_notes_than_a_batch_play_together(sine):
    with stream_host(sine, polyphony=64) as host:
        for key in range(30, 94):
            host.note_on(key, 0.02, at=0.0)
        audio = host.render(0.5)
        counts = host.counts()
    assert counts["active_voices"] == 64 and counts["late_hops"] == 0
    for key in (30, 60, 93):
        assert fitted(audio[9600:], hertz(key))[0] == pytest.approx(0.01, rel=0.05)
