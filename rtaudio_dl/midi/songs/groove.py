"""Writes groove.mid: eight bars and a last hit, the demo of the drum kit.

``python -m rtaudio_dl.midi.songs.groove`` makes the same bytes again. Song and script
are under CC0 1.0: take the groove and make it yours.

A part is a text with one sign per sixteenth: ``1`` to ``9`` how hard, ``.`` rest.
What makes it breathe comes after: swing, a snare that lies back, hats that lead,
hits that differ a little in force and time (seeded).
"""

from __future__ import annotations

import io
import random
from pathlib import Path

import mido

from rtaudio_dl.files.atomic import write_whole

FILE = Path(__file__).with_name("groove.mid")
SEED = 1959
BEATS_PER_MINUTE = 94
TICKS_PER_BEAT = 960
SIXTEENTH = TICKS_PER_BEAT // 4
SWING = 0.56  # where the second sixteenth of a pair falls; 0.5 is straight
FORCE_SPREAD = 5  # MIDI velocity
TIME_SPREAD_MS = 4.0
RING_BEATS = 4
DRUM_CHANNEL = 9

KICK, RIM, SNARE, CLAP = 36, 37, 38, 39
CLOSED_HAT, PEDAL_HAT, OPEN_HAT = 42, 44, 46
TOM_1, TOM_2, TOM_3, TOM_4, TOM_5, TOM_6 = 50, 48, 47, 45, 43, 41
CRASH, RIDE = 49, 51
CONGA_MUTED, CONGA_HIGH, CONGA_LOW = 62, 63, 64
MARACAS, SHAKER = 70, 82

# Track name -> its keys, and how far it sits from the grid (ms; late is above zero).
TRACKS = {
    "Kick": ((KICK,), 0.0),
    "Snare": ((SNARE, RIM, CLAP), 7.0),
    "Hi-hat": ((CLOSED_HAT, PEDAL_HAT, OPEN_HAT), -3.0),
    "Toms": ((TOM_1, TOM_2, TOM_3, TOM_4, TOM_5, TOM_6), 2.0),
    "Cymbals": ((CRASH, RIDE), -1.0),
    "Percussion": ((CONGA_MUTED, CONGA_HIGH, CONGA_LOW, MARACAS, SHAKER), -4.0),
}

VERSE = {
    CLOSED_HAT: "7.4.7.4.7.4.7.4.",
    SNARE: "....8....2..8...",
    KICK: "9......6..8.....",
    SHAKER: "3142314231423142",
}
VERSE_TURN = {
    CLOSED_HAT: "7.4.7.4.7.4.7...",
    OPEN_HAT: "..............7.",
    SNARE: "....8....2..8..2",
    KICK: "9......6..87....",
    SHAKER: "3142314231423142",
}
GHOSTS = {
    PEDAL_HAT: "5...............",
    CLOSED_HAT: "..4374437443744.",
    SNARE: "....8..2.2..8..2",
    KICK: "9.5.......8..5..",
    CONGA_MUTED: "..5.......5.....",
    CONGA_HIGH: "...4.......4..5.",
    CONGA_LOW: "......6........4",
}
GHOSTS_TURN = {
    CLOSED_HAT: "7344744374437...",
    OPEN_HAT: "..............8.",
    SNARE: "....8..2.2..8.23",
    CLAP: "............7...",
    KICK: "9.5.......87..5.",
    CONGA_MUTED: "..5.......5.....",
    CONGA_HIGH: "...4.......4....",
    CONGA_LOW: "......6.....65..",
}
HALF_TIME = {
    CRASH: "8...............",
    PEDAL_HAT: "5...4...4...4...",
    RIDE: "..5.7.5.7.5.7.54",
    RIM: "...4..4......4..",
    SNARE: "........9......1",
    KICK: "9.....6...7.....",
    MARACAS: "4.3.4.3.4.3.4.3.",
}
HALF_TIME_TURN = {
    PEDAL_HAT: "....4...4...4...",
    RIDE: "7.5.7.5.7.5.7...",
    OPEN_HAT: "..............8.",
    RIM: "...4..4.........",
    SNARE: "........9..2.12.",
    CLAP: "........6.......",
    KICK: "9.....67..7.....",
    MARACAS: "4.3.4.3.4.3.4.3.",
    CONGA_HIGH: "..........4.55..",
    CONGA_LOW: "..............66",
}
FULL = {
    CRASH: "7...............",
    CLOSED_HAT: "..4474437443744.",
    PEDAL_HAT: "5...............",
    SNARE: "....9..2.2..9..2",
    CLAP: "....7.......7...",
    KICK: "9.5.......87....",
    CONGA_MUTED: "..5.......5.....",
    CONGA_HIGH: "...4.......4..5.",
    CONGA_LOW: "......6........4",
    SHAKER: "3142314231423142",
}
FILL = {
    CLOSED_HAT: "7.4.7...........",
    OPEN_HAT: "......7.........",
    PEDAL_HAT: "........4...4...",
    SNARE: "....9..3647.....",
    KICK: "9..5....7...7..7",
    TOM_1: "...........7....",
    TOM_2: "............8...",
    TOM_3: ".............7..",
    TOM_4: "..............7.",
    TOM_5: "...............7",
}
LAST_HIT = {
    CRASH: "9...............",
    KICK: "9...............",
    TOM_6: "7...............",
}
BARS = (
    VERSE,
    VERSE_TURN,
    GHOSTS,
    GHOSTS_TURN,
    HALF_TIME,
    HALF_TIME_TURN,
    FULL,
    FILL,
    LAST_HIT,
)


def write_groove(path: Path = FILE) -> None:
    """Write the groove as a type 1 file."""
    song = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    song.tracks.append(_conductor())
    dice = random.Random(SEED)
    for name, (keys, lateness_ms) in TRACKS.items():
        song.tracks.append(_track(name, keys, lateness_ms, dice))
    buffer = io.BytesIO()
    song.save(file=buffer)
    write_whole(path, buffer.getvalue())


def _conductor() -> mido.MidiTrack:
    end = (len(BARS) - 1) * 16 * SIXTEENTH + RING_BEATS * TICKS_PER_BEAT
    return mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name="Groove"),
            mido.MetaMessage("copyright", text="rtaudio_dl contributors, CC0 1.0"),
            mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(BEATS_PER_MINUTE)),
            mido.MetaMessage("time_signature", numerator=4, denominator=4),
            mido.MetaMessage("end_of_track", time=end),
        ]
    )


def _track(
    name: str, keys: tuple[int, ...], lateness_ms: float, dice: random.Random
) -> mido.MidiTrack:
    """One instrument group: its hits, humanised, as note pairs with delta times."""
    events = []
    for bar, parts in enumerate(BARS):
        for key in keys:
            for step, sign in enumerate(parts.get(key, "")):
                if sign != ".":
                    tick = _place(bar * 16 + step, lateness_ms, dice)
                    force = _force(int(sign), dice)
                    events.append((tick, "note_on", key, force))
                    events.append((tick + SIXTEENTH // 2, "note_off", key, 0))
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    now = 0
    for tick, kind, key, force in sorted(events):
        track.append(
            mido.Message(
                kind, channel=DRUM_CHANNEL, note=key, velocity=force, time=tick - now
            )
        )
        now = tick
    return track


def _place(step: int, lateness_ms: float, dice: random.Random) -> int:
    """The tick of a sixteenth, swung, leaning and a little off; never before 0."""
    swung = step + (2 * SWING - 1) * (step % 2)
    off_ms = lateness_ms + TIME_SPREAD_MS * _spread(dice)
    ticks_per_ms = TICKS_PER_BEAT * BEATS_PER_MINUTE / 60_000
    return max(0, round(swung * SIXTEENTH + off_ms * ticks_per_ms))


def _force(sign: int, dice: random.Random) -> int:
    velocity = 14 * sign + FORCE_SPREAD * _spread(dice)
    return min(127, max(1, round(velocity)))


def _spread(dice: random.Random) -> float:
    """A number in -1..1, mostly near 0; made of `random`, whose stream is fixed."""
    return dice.random() + dice.random() - 1


if __name__ == "__main__":
    write_groove()
