"""MIDI 1.0's numbers, once: statuses, lengths of messages, controllers."""

from __future__ import annotations

NOTE_OFF, NOTE_ON = 0x80, 0x90
KEY_PRESSURE, CONTROL, PROGRAM = 0xA0, 0xB0, 0xC0
CHANNEL_PRESSURE, PITCH_BEND = 0xD0, 0xE0
SONG_POSITION, CLOCK, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC

# Data bytes that follow a status: of a channel message by its upper half, of a system
# message by itself.
LENGTHS = {
    NOTE_OFF: 2,
    NOTE_ON: 2,
    KEY_PRESSURE: 2,
    CONTROL: 2,
    PROGRAM: 1,
    CHANNEL_PRESSURE: 1,
    PITCH_BEND: 2,
    SONG_POSITION: 2,
    CLOCK: 0,
    START: 0,
    CONTINUE: 0,
    STOP: 0,
}
# Messages of a clock, as they are: one byte.
SINGLE_BYTES = (CLOCK, START, CONTINUE, STOP)
CHANNELS = 16

# Control changes that mean the same for every patch (MIDI 1.0, RP-015).
VOLUME, PAN, EXPRESSION, SUSTAIN = 7, 10, 11, 64
ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 120, 121, 123
DOWN = 64  # from this value on a pedal is down


def data_bytes(status: int) -> int | None:
    """How many data bytes follow a status; None for what is not played here."""
    return LENGTHS.get(status & 0xF0 if status < 0xF0 else status)
