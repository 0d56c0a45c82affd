"""MIDI out to real ports on a JACK server."""

import time

import pytest
import rtmidi

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.midi.out import MidiOut, list_outputs
from tests.jack import until

pytestmark = pytest.mark.jack


@pytest.fixture
def synthesiser(jack_server):
    """A program's MIDI input, as rtmidi opens it."""
    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="synthesiser")
    port.open_virtual_port("midi_in")
    yield port
    port.delete()


def received(port, count):
    messages = []

    def all_there():
        while (message := port.get_message()) is not None:
            messages.append(tuple(message[0]))
        return len(messages) >= count

    until(all_there)
    return messages


def test_notes_arrive_and_those_that_are_held_end_with_it(synthesiser):
    out = MidiOut("synthesiser")
    assert "synthesiser:midi_in" in out.label
    time.sleep(0.1)  # for JACK to take the connection up
    out.note_on(60, 0.5)
    out.note_on(60, 1.0)
    out.note_off(62)  # it is not down
    out.note_on(36, 0.0, channel=9)
    out.close()
    out.close()
    assert received(synthesiser, 6) == [
        *((0x90, 60, 64), (0x80, 60, 0), (0x90, 60, 127), (0x99, 36, 1)),
        *((0x80, 60, 0), (0x89, 36, 0)),
    ]


def test_a_port_of_our_own_can_be_connected(jack_server, jack_probe):
    out = MidiOut("new")
    try:
        assert until(lambda: jack_probe.ports("^rtaudio_dl_ears:midi_out"))
    finally:
        out.close()
    until(lambda: not jack_probe.ports("^rtaudio_dl_ears:"))


def test_outputs_are_listed_and_a_name_that_is_none_says_them(synthesiser):
    assert any(label.startswith("synthesiser:midi_in") for label in list_outputs())
    with pytest.raises(DeviceError, match="synthesiser:midi_in"):
        MidiOut("no such instrument")
