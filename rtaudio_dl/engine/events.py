"""The one record that reaches the engine: a note, a control or a command.

MIDI, the computer keyboard, the Python API, a MIDI file and the host itself all write
this record into a ring, so what was played can be recorded and played again.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core import midi

# kind: key, value. The numbers are for ever: recordings hold them.
NOTE_OFF = 0  # MIDI note, –
NOTE_ON = 1  # MIDI note, 0 < velocity ≤ 1
CONTROL = 2  # CC number, 0..1: value / 127
PITCH_BEND = 3  # –, -1..1 of the patch's bend range
PROGRAM = 4  # 0..127, –: through the host's table of programs
PARAMETER = 5  # parameter, its own unit: of the node in `channel`
ACTIVATE = 6  # node, –: its memory is set up: start to fill it
RETIRE = 7  # node, –: no new notes; free it when silent
PATCH = 8  # node, –: the channel plays this node now
MAP_PROGRAM = 9  # 0..127, –: means the node in `channel` now
LATENCY = 10  # node, frames: from strike to sound, of a stream
TEMPO = 11  # –, quarter notes a minute
METRE = 12  # numerator, denominator
RUN = 13  # 0 stop, 1 start from the beginning, 2 continue
POSITION = 14  # –, quarter notes since the start
CLOCK = 15  # –, –: a tick of a MIDI clock, 24 in a quarter note

# What the engine adds to a flight recording; to play them does nothing.
SOUND = 16  # number, morph: a voice began, of the node in `channel`
STRUCK = 17  # MIDI note, variation: …that was struck `clock` frames before
TAP = 18  # 1 or 0, –: the recording of the output began, ended
LATE = 19  # hop, serial: a stream's hop was late

TAP_TEMPO = 20  # –, –: a tap of a foot, for the tempo
NODE_GAIN = 21  # node, linear: of its output
NODE_PAN = 22  # node, -1..1
BYPASS = 23  # node, 1 or 0: its input goes on in the place of its output

CHANNEL_KINDS = (NOTE_OFF, NOTE_ON, CONTROL, PITCH_BEND, PROGRAM, PATCH)
NODE_KINDS = (ACTIVATE, RETIRE, LATENCY, NODE_GAIN, NODE_PAN, BYPASS)
TRANSPORT_KINDS = (TEMPO, METRE, RUN, POSITION, CLOCK, TAP_TEMPO)

FRAMES, NANOSECONDS = 0, 1  # what `time` counts
AT_ONCE = -1  # a time: with the next block

# time: engine frames, or nanoseconds of `time.perf_counter_ns`.
EVENT = np.dtype(
    [
        ("time", np.int64),
        ("value", np.float64),
        ("kind", np.int32),
        ("channel", np.int32),  # 0..15
        ("key", np.int32),
        ("clock", np.int32),
    ],
    align=True,
)

RING_SIZE = 4096  # events; a power of two


def new_event() -> np.ndarray:
    """One empty event, shape (1,)."""
    return np.zeros(1, EVENT)


def from_midi(event: np.ndarray, message: bytes | list[int]) -> bool:
    """Fill ``event[0]`` but its time from a message; False if it means nothing here.

    A note-on with velocity 0 is a note-off. Bytes that are malformed or belong to other
    messages (pressure, system exclusive) are refused, never an error.
    """
    if not message:
        return False
    status, data = message[0], list(message[1:])
    needed = midi.data_bytes(status) if status >= 0x80 else None
    if needed is None or len(data) != needed or any(not 0 <= b <= 127 for b in data):
        return False
    data += [0, 0]
    if status >= 0xF0:
        return _fill_system(event, status, data)
    return _fill(event, status & 0xF0, status & 0x0F, data)


def _fill(event: np.ndarray, status: int, channel: int, data: list[int]) -> bool:
    if status == midi.NOTE_ON and data[1] > 0:
        kind, key, value = NOTE_ON, data[0], data[1] / 127
    elif status in (midi.NOTE_OFF, midi.NOTE_ON):
        kind, key, value = NOTE_OFF, data[0], 0.0
    elif status == midi.CONTROL:
        kind, key, value = CONTROL, data[0], data[1] / 127
    elif status == midi.PROGRAM:
        kind, key, value = PROGRAM, data[0], 0.0
    elif status == midi.PITCH_BEND:
        kind, key = PITCH_BEND, 0
        bend = (data[1] << 7 | data[0]) - 8192
        value = bend / (8191 if bend > 0 else 8192)  # both ends reach ±1
    else:
        return False
    event["kind"], event["channel"] = kind, channel
    event["key"], event["value"] = key, value
    return True


# Statuses of system messages → what RUN's key says.
_RUNS = {midi.STOP: 0, midi.START: 1, midi.CONTINUE: 2}


def _fill_system(event: np.ndarray, status: int, data: list[int]) -> bool:
    event["channel"] = event["key"] = 0
    event["value"] = 0.0
    if status == midi.CLOCK:
        event["kind"] = CLOCK
    elif status == midi.SONG_POSITION:  # in sixteenth notes
        event["kind"], event["value"] = POSITION, (data[1] << 7 | data[0]) / 4
    else:
        event["kind"], event["key"] = RUN, _RUNS[status]
    return True


def to_midi(event: np.void) -> bytes | None:
    """The message that `from_midi` makes this event of; None where MIDI has none."""
    kind, key, value = int(event["kind"]), int(event["key"]), float(event["value"])
    channel = int(event["channel"]) & 0x0F
    if kind == NOTE_ON:  # velocity 0 would be a note-off
        return bytes((midi.NOTE_ON | channel, key, max(1, _seven_bits(value))))
    if kind == NOTE_OFF:
        return bytes((midi.NOTE_OFF | channel, key, 0))
    if kind == CONTROL:
        return bytes((midi.CONTROL | channel, key, _seven_bits(value)))
    if kind == PROGRAM:
        return bytes((midi.PROGRAM | channel, key))
    if kind == PITCH_BEND:
        bend = min(max(8192 + round(value * (8191 if value > 0 else 8192)), 0), 16383)
        return bytes((midi.PITCH_BEND | channel, bend & 127, bend >> 7))
    return None


def _seven_bits(value: float) -> int:
    return min(max(round(value * 127), 0), 127)
