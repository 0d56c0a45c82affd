"""The one record that reaches the engine: a note, a control or a command.

MIDI, the computer keyboard, the Python API, a MIDI file and the host itself all write
this record into a ring, so what was played can be recorded and played again.
"""

from __future__ import annotations

import numpy as np

# kind                 key        value          meaning
NOTE_OFF = 0  #        MIDI note  –
NOTE_ON = 1  #         MIDI note  0 < velocity ≤ 1
CONTROL = 2  #         CC number  0..1           value / 127
PITCH_BEND = 3  #      –          -1..1          of the patch's bend range
PROGRAM = 4  #         0..127     –              through the host's table of programs
PARAMETER = 5  #       parameter  its own unit   of the patch in `channel`
ACTIVATE = 6  #        patch      –              its memory is set up: start to fill it
RETIRE = 7  #          patch      –              no new notes; free it when silent
PATCH = 8  #           patch      –              the channel plays this patch now
MAP_PROGRAM = 9  #     0..127     –              means the patch in `channel` now

LATENCY = 10  #        patch      frames         from strike to sound, of a stream

# What the engine adds to a flight recording; to play them does nothing.
SOUND = (
    16  #          number     morph          a voice began, of the patch in `channel`
)
STRUCK = 17  #         MIDI note  variation      …that was struck `clock` frames before
TAP = (
    18  #            1 or 0     –              the recording of the output began, ended
)
LATE = 19  #           hop        serial         a stream's hop was late

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
    """Fill ``event[0]`` but its time from a channel message; False if it means nothing.

    A note-on with velocity 0 is a note-off. Bytes that are malformed or belong to other
    messages (system, pressure) are refused, never an error.
    """
    if not message or not 0x80 <= message[0] <= 0xEF:
        return False
    status, data = message[0] & 0xF0, list(message[1:])
    needed = 1 if status in (0xC0, 0xD0) else 2
    if len(data) != needed or any(not 0 <= b <= 127 for b in data):
        return False
    return _fill(event, status, message[0] & 0x0F, data)


def _fill(event: np.ndarray, status: int, channel: int, data: list[int]) -> bool:
    if status == 0x90 and data[1] > 0:
        kind, key, value = NOTE_ON, data[0], data[1] / 127
    elif status in (0x80, 0x90):
        kind, key, value = NOTE_OFF, data[0], 0.0
    elif status == 0xB0:
        kind, key, value = CONTROL, data[0], data[1] / 127
    elif status == 0xC0:
        kind, key, value = PROGRAM, data[0], 0.0
    elif status == 0xE0:
        kind, key = PITCH_BEND, 0
        bend = (data[1] << 7 | data[0]) - 8192
        value = bend / (8191 if bend > 0 else 8192)  # both ends reach ±1
    else:
        return False
    event["kind"], event["channel"] = kind, channel
    event["key"], event["value"] = key, value
    return True
