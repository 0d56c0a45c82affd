"""MIDI bytes to events: all that has a meaning, on both sides of the ring."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudio_dl.core.midi import data_bytes
from rtaudio_dl.engine import events
from rtaudio_dl.engine.entries import midi_callback
from rtaudio_dl.engine.events import from_midi, new_event
from rtaudio_dl.engine.midi import decode
from tests.engine.rig import KEY, Rig, level, onset

data = st.integers(0, 127)
channels = st.integers(0, 15)
anything = st.one_of(
    st.binary(max_size=6), st.lists(st.integers(-300, 300), max_size=6)
)


def fields(event) -> tuple:
    return tuple(event[0][name].item() for name in ("kind", "channel", "key", "value"))


def read(*message: int) -> tuple | None:
    event = new_event()
    return fields(event) if from_midi(event, bytes(message)) else None


@given(anything)
def test_no_bytes_raise_and_refused_ones_change_nothing(message):
    event = new_event()
    before = event.tobytes()
    if from_midi(event, message):
        kind, channel, key, value = fields(event)
        assert 0 <= channel < 16 and 0 <= key < 128
        if kind == events.POSITION:
            assert 0 <= value < (1 << 14) / 4
        else:
            assert 0 <= kind <= events.PROGRAM or kind in (events.CLOCK, events.RUN)
            assert -1 <= value <= 1
    else:
        assert event.tobytes() == before


@given(channels, data, st.integers(1, 127))
def test_note_on(channel, key, velocity):
    read_back = read(0x90 | channel, key, velocity)
    assert read_back == (events.NOTE_ON, channel, key, velocity / 127)


@given(channels, data, data)
def test_note_off_in_both_spellings(channel, key, velocity):
    expected = (events.NOTE_OFF, channel, key, 0.0)
    assert read(0x80 | channel, key, velocity) == expected
    assert read(0x90 | channel, key, 0) == expected


@given(channels, data, data)
def test_control(channel, number, value):
    expected = (events.CONTROL, channel, number, value / 127)
    assert read(0xB0 | channel, number, value) == expected


@given(channels, data)
def test_program(channel, number):
    assert read(0xC0 | channel, number) == (events.PROGRAM, channel, number, 0.0)


@pytest.mark.parametrize(
    "low, high, value", [(0, 0, -1), (0, 64, 0), (127, 127, 1), (0, 96, 4096 / 8191)]
)
def test_pitch_bend_reaches_both_ends_and_rests_at_zero(low, high, value):
    assert read(0xE3, low, high) == (events.PITCH_BEND, 3, 0, value)


@pytest.mark.parametrize(
    "message, expected",
    [
        ([0xF8], (events.CLOCK, 0, 0, 0.0)),
        ([0xFA], (events.RUN, 0, 1, 0.0)),
        ([0xFB], (events.RUN, 0, 2, 0.0)),
        ([0xFC], (events.RUN, 0, 0, 0.0)),
        ([0xF2, 4, 0], (events.POSITION, 0, 0, 1.0)),
        ([0xF2, 127, 127], (events.POSITION, 0, 0, 16383 / 4)),
    ],
)
def test_system_messages_move_the_transport(message, expected):
    assert read(*message) == expected


@pytest.mark.parametrize(
    "message",
    [
        *([], [0x90], [0x90, 60], [0x90, 60, 100, 1], [0x90, 128, 100]),
        *([0xC0], [0xC0, 1, 2], [60, 100], [0xA0, 60, 100], [0xD0, 100]),
        *([0xF0, 1, 0xF7], [0xF8, 0], [0xFF], [0xFE], [0xF2, 1], [0xF2, 1, 128]),
        *([0xF1, 1], [0xF3, 1], [0xF6], [0xFA, 0], [0xFC, 0]),
    ],
)
def test_what_is_malformed_or_means_nothing_here_is_refused(message):
    assert read(*message) is None


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_the_audio_thread_reads_bytes_as_python_does(status, first, second):
    """`decode` gets three bytes always; bytes that a message does not have are 0."""
    length = data_bytes(status) if status >= 0x80 else 2
    data = [first, second][: 2 if length is None else length]
    first, second = (*data, 0, 0)[:2]
    native, event = new_event(), new_event()
    known = from_midi(event, bytes([status, *data]))
    assert decode(native[0], status, first, second) == known
    if known:
        assert fields(native)[:3] == fields(event)[:3]
        # Kernels may multiply by 1 / 127; the ends must be exact, 1 is the loudest.
        assert fields(native)[3] == pytest.approx(fields(event)[3], abs=1e-15)
        assert abs(fields(native)[3]) <= 1 or status == 0xF2


@pytest.mark.parametrize(
    "message", [(0x90, KEY, 127), (0xB0, 7, 127), (0xE0, 127, 127)]
)
def test_the_loudest_and_the_highest_are_exactly_1_on_the_audio_thread(message):
    native = new_event()
    assert decode(native[0], *message)
    assert fields(native)[3] == 1


@pytest.mark.parametrize("offset", [0, 1, 100, 127])
def test_what_is_heard_with_a_block_happens_at_its_offset(offset):
    rig = Rig()
    rig.add(level(1000))
    rig.render(256)
    midi_callback(rig.engine, offset, 0x90 | KEY << 8 | 127 << 16)
    assert onset(rig.render(128)) == offset
    assert rig.count("misplaced") == 0
