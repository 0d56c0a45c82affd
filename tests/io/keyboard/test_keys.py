"""The computer keyboard: letters to keys, gates, and a real terminal (a pty)."""

import contextlib
import os
import sys

import pytest

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.keyboard.keys import DRUMS, PIANO, Gates, Keyboard, Layout
from rtaudio_dl.io.keyboard.terminal import Terminal
from tests.jack import until

needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="has no pty")


@pytest.mark.parametrize(
    ("letter", "key"),
    [("a", 60), ("w", 61), ("k", 72), ("A", 60), ("'", 77)],
)
def test_a_piano_begins_at_middle_c(letter, key):
    assert Layout().press(letter) == key


@pytest.mark.parametrize(("presses", "key"), [("x", 72), ("z", 48), ("xz", 60)])
def test_the_octave_moves(presses, key):
    layout = Layout()
    for letter in presses:
        assert layout.press(letter) is None
    assert layout.press("a") == key


@pytest.mark.parametrize("letter", ["x", "z"])
def test_no_octave_leaves_the_range_of_midi(letter):
    layout = Layout()
    for _ in range(20):
        layout.press(letter)
    keys = [layout.press(letter) for letter in PIANO]
    assert all(key is None or 0 <= key <= 127 for key in keys)
    assert keys[0] is not None


def test_drums_do_not_move_with_the_octave():
    layout = Layout(DRUMS)
    layout.press("x")
    assert layout.press("a") == 36


def test_drum_letters_are_free_of_commands():
    assert not set(DRUMS) & set("zxcvq")
    assert len(set(DRUMS.values())) == len(DRUMS)


def test_velocity_stays_between_soft_and_full():
    layout = Layout()
    for _ in range(20):
        layout.press("v")
    assert layout.velocity == 1.0
    for _ in range(20):
        layout.press("c")
    assert layout.velocity == 0.1


@pytest.mark.parametrize("letter", ["1", " ", "\n", "ä", ","])
def test_other_letters_mean_nothing(letter):
    layout = Layout()
    assert layout.press(letter) is None
    assert not layout.ended


@pytest.mark.parametrize("letter", ["q", "Q", "\x03", "\x04"])
def test_quit(letter):
    layout = Layout()
    layout.press(letter)
    assert layout.ended


def test_a_gate_ends_its_note():
    gates = Gates(0.25)
    gates.strike(60, now=1.0)
    assert gates.wait(1.1) == pytest.approx(0.15)
    assert gates.due(1.2) == []
    assert gates.due(1.25) == [60]
    assert gates.due(9.0) == []
    assert gates.wait(9.0) is None


def test_a_key_struck_again_sounds_on():
    gates = Gates(0.25)
    gates.strike(60, now=1.0)
    gates.strike(60, now=1.2)
    assert gates.due(1.3) == []
    assert gates.due(1.45) == [60]


def test_all_ends_each_key_once():
    gates = Gates()
    for key in (60, 62, 60):
        gates.strike(key, now=0.0)
    assert sorted(gates.all()) == [60, 62]
    assert gates.all() == []


@pytest.fixture
def pty():
    """The two ends of a terminal: a player's, and the program's."""
    player, program = os.openpty()
    yield player, program
    for descriptor in (player, program):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def mode(descriptor):
    import termios

    return termios.tcgetattr(descriptor)


@needs_pty
def test_letters_strike_and_lift_keys(pty):
    player, program = pty
    played = []
    with Keyboard(lambda *note: played.append(note), terminal=Terminal(program)):
        os.write(player, b"as")
        until(lambda: len(played) == 4)
    assert played == [(60, 0.8), (62, 0.8), (60, 0.0), (62, 0.0)]


@needs_pty
def test_the_terminal_is_as_before_whatever_happens(pty):
    _, program = pty
    before = mode(program)
    with contextlib.suppress(RuntimeError):
        with Keyboard(lambda *_: None, terminal=Terminal(program)):
            assert mode(program) != before
            raise RuntimeError
    assert mode(program) == before


@needs_pty
def test_quitting_ends_notes_that_sound(pty):
    player, program = pty
    played = []
    keyboard = Keyboard(
        lambda *note: played.append(note), drums=True, terminal=Terminal(program)
    )
    with keyboard:
        assert not keyboard.ended
        os.write(player, b"aq")
        until(lambda: keyboard.ended)
    assert played == [(36, 0.8), (36, 0.0)]


@needs_pty
def test_arrows_are_letters_and_other_long_keys_nothing(pty):
    player, program = pty
    terminal = Terminal(program)
    terminal.open()
    os.write(player, b"\x1b[15~a\x1b[C\x1bOD\x1b[1;5Ab")
    assert terminal.read(1.0) == "a→←↑b"
    terminal.close()
    terminal.close()


@needs_pty
def test_a_terminal_that_goes_away_ends_the_playing(pty):
    player, program = pty
    keyboard = Keyboard(lambda *_: None, terminal=Terminal(program))
    with keyboard:
        os.close(player)
        until(lambda: keyboard.ended)
    assert keyboard.ended


def test_a_pipe_is_no_terminal():
    read_end, write_end = os.pipe()
    try:
        with pytest.raises(DeviceError, match="no terminal"):
            Keyboard(lambda *_: None, terminal=Terminal(read_end)).__enter__()
    finally:
        os.close(read_end)
        os.close(write_end)
