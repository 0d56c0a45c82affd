"""Writes drift.mid: eight bars for the patch ``notes``, and a last chord.

``python -m rtaudio_dl.midi.songs.drift`` makes the same bytes again. Song and script
are under CC0 1.0.

Broken chords under a slow melody, while the XY pad (controls 16 and 17) goes once
around its edge, through four instruments and all that lies between them.
"""

from __future__ import annotations

import io
import math
from pathlib import Path

import mido

from rtaudio_dl.files.atomic import write_whole

FILE = Path(__file__).with_name("drift.mid")
BEATS_PER_MINUTE = 84
TICKS_PER_BEAT = 480
EIGHTH = TICKS_PER_BEAT // 2
BAR = 8 * EIGHTH
MELODY = 1  # its channel: it may meet keys of the chords
PAD_X, PAD_Y = 16, 17
PAD_STEPS = 24  # a bar
RING_BARS = 2

# A bar: its bass, the tones that are broken over it, its melody as (eighth, key, length
# in eighths).
BARS = (
    (45, (57, 60, 64, 67), ((0, 76, 3), (3, 74, 1), (4, 72, 4))),
    (41, (57, 60, 65, 69), ((0, 72, 2), (2, 74, 2), (4, 69, 4))),
    (48, (55, 60, 64, 67), ((0, 67, 3), (3, 72, 1), (4, 76, 4))),
    (43, (55, 59, 62, 67), ((0, 74, 2), (2, 71, 2), (4, 67, 4))),
    (45, (57, 60, 64, 67), ((0, 79, 3), (3, 76, 1), (4, 72, 4))),
    (38, (57, 60, 65, 69), ((0, 77, 2), (2, 76, 2), (4, 74, 4))),
    (41, (57, 60, 64, 69), ((0, 72, 3), (3, 71, 1), (4, 69, 4))),
    (40, (56, 59, 62, 68), ((0, 71, 2), (2, 68, 2), (4, 64, 4))),
)
BROKEN = (0, 1, 2, 3, 2, 1, 2, 1)
LAST_CHORD = (33, 45, 57, 60, 64, 69)


def write_drift(path: Path = FILE) -> None:
    """Write the song as a type 1 file."""
    song = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    song.tracks += [_conductor(), _track("Pad", _pad()), _track("Notes", _notes())]
    buffer = io.BytesIO()
    song.save(file=buffer)
    write_whole(path, buffer.getvalue())


def _conductor() -> mido.MidiTrack:
    return mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name="Drift"),
            mido.MetaMessage("copyright", text="rtaudio_dl contributors, CC0 1.0"),
            mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(BEATS_PER_MINUTE)),
            mido.MetaMessage("end_of_track", time=(len(BARS) + RING_BARS) * BAR),
        ]
    )


def _pad() -> list[tuple[int, mido.Message]]:
    """Once around the square's edge, smoothly, starting and ending at a corner."""
    steps = len(BARS) * PAD_STEPS
    events = []
    for step in range(steps + 1):
        angle = 2 * math.pi * step / steps
        for control, turn in ((PAD_X, angle), (PAD_Y, angle - math.pi / 2)):
            # Held at each end of its way: a corner is heard as what it is.
            place = min(1.0, max(0.0, 0.5 - 0.8 * math.cos(turn + math.pi / 4)))
            value = round(127 * place)
            events.append((step * BAR // PAD_STEPS, _control(control, value)))
    return events


def _control(number: int, value: int) -> mido.Message:
    return mido.Message("control_change", control=number, value=value)


def _notes() -> list[tuple[int, mido.Message]]:
    events = []
    for bar, (bass, chord, melody) in enumerate(BARS):
        begin = bar * BAR
        events += _note(begin, bass, 8, 78)
        for eighth, tone in enumerate(BROKEN):
            force = 62 if eighth % 4 == 0 else 50
            events += _note(begin + eighth * EIGHTH, chord[tone], 2, force)
        for eighth, key, length in melody:
            events += _note(begin + eighth * EIGHTH, key, length, 84, MELODY)
    for place, key in enumerate(LAST_CHORD):
        events += _note(len(BARS) * BAR + 20 * place, key, 10, 70)
    return events


def _note(
    tick: int, key: int, eighths: int, velocity: int, channel: int = 0
) -> list[tuple[int, mido.Message]]:
    end = tick + eighths * EIGHTH - 10  # up before the same key comes down again
    return [
        (tick, mido.Message("note_on", channel=channel, note=key, velocity=velocity)),
        (end, mido.Message("note_off", channel=channel, note=key)),
    ]


def _track(name: str, events: list[tuple[int, mido.Message]]) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    now = 0
    # A key goes up before it comes down in the same tick.
    for tick, message in sorted(events, key=lambda e: (e[0], e[1].type != "note_off")):
        track.append(message.copy(time=tick - now))
        now = tick
    return track


if __name__ == "__main__":
    write_drift()
