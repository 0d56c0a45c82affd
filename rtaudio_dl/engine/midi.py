"""MIDI bytes to events on the audio thread, for drivers that bring both at once."""

from __future__ import annotations

from rtaudio_dl.core import midi
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.ring import push
from rtaudio_dl.engine import events


@rt_kernel
def decode(event, status, data1, data2):
    """Fill a record but its time, as `events.from_midi`; False if it means nothing.

    Bytes that a message does not have are 0. [any]
    """
    if status >= 0xF0:
        return _decode_system(event, status, data1, data2)
    if not 0x80 <= status <= 0xEF or data1 > 127 or data2 > 127:
        return False
    kind = status & 0xF0
    event.channel, event.key, event.value = status & 0x0F, data1, data2 / 127.0
    if kind == midi.NOTE_ON and data2 > 0:
        event.kind = events.NOTE_ON
    elif kind in (midi.NOTE_OFF, midi.NOTE_ON):
        event.kind, event.value = events.NOTE_OFF, 0.0
    elif kind == midi.CONTROL:
        event.kind = events.CONTROL
    elif kind == midi.PROGRAM:
        event.kind, event.value = events.PROGRAM, 0.0
    elif kind == midi.PITCH_BEND:
        bend = (data2 << 7 | data1) - 8192
        event.kind, event.key = events.PITCH_BEND, 0
        event.value = bend / (8191.0 if bend > 0 else 8192.0)
    else:
        return False
    return True


@rt_kernel
def _decode_system(event, status, data1, data2):
    event.channel, event.key, event.value = 0, 0, 0.0
    if status == midi.CLOCK:
        event.kind = events.CLOCK
    elif status == midi.SONG_POSITION and data1 <= 127 and data2 <= 127:
        event.kind, event.value = events.POSITION, (data2 << 7 | data1) / 4.0
    elif status == midi.STOP:
        event.kind = events.RUN
    elif status == midi.START:
        event.kind, event.key = events.RUN, 1
    elif status == midi.CONTINUE:
        event.kind, event.key = events.RUN, 2
    else:
        return False
    return True


@rt_kernel
def take_midi(engine, offset, status, data1, data2):
    """Let a message happen ``offset`` frames after the next block begins. [audio]"""
    event = engine.event[0]
    if decode(event, status, data1, data2):
        event.time = engine.master[0].frame + offset
        event.clock = events.FRAMES
        push(engine.cycle_ring, engine.cycle_cursors, event)
