"""Facts about the shipped groove."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rtaudio_dl.errors import AudioFileError
from rtaudio_dl.midi.file import read_song
from rtaudio_dl.midi.songs import groove, song_names, song_path

NOTES = read_song(song_path("groove")).notes()
BAR_SECONDS = 4 * 60 / groove.BEATS_PER_MINUTE


def test_the_script_makes_the_shipped_bytes(tmp_path):
    groove.write_groove(tmp_path / "again.mid")
    assert (tmp_path / "again.mid").read_bytes() == song_path("groove").read_bytes()


def test_every_part_is_one_bar_of_sixteenths():
    for bar in groove.BARS:
        assert {len(part) for part in bar.values()} == {16}


def test_every_part_has_a_track():
    keys = [key for track_keys, _ in groove.TRACKS.values() for key in track_keys]
    assert sorted(keys) == sorted({key for bar in groove.BARS for key in bar})


def test_length_and_channel():
    assert 20 < read_song(song_path("groove")).seconds < 25
    assert {note.channel for note in NOTES} == {groove.DRUM_CHANNEL}


def test_every_note_ends():
    events = read_song(song_path("groove")).events
    assert sum(events["status"] >> 4 == 0x8) == len(NOTES)


def test_an_open_hat_is_always_closed_again():
    hats = (groove.CLOSED_HAT, groove.PEDAL_HAT, groove.OPEN_HAT)
    played = [note for note in NOTES if note.key in hats]
    opened = [b for a, b in pairwise(played) if a.key == groove.OPEN_HAT]
    assert len(opened) == 4
    assert all(note.key != groove.OPEN_HAT for note in opened)


def test_it_is_played_by_a_hand_not_by_a_grid():
    kicks = [note for note in NOTES if note.key == groove.KICK]
    assert len({note.velocity for note in kicks}) > 8
    sixteenth = BAR_SECONDS / 16
    off = [abs(n.seconds - round(n.seconds / sixteenth) * sixteenth) for n in kicks]
    assert 0.001 < max(off) < 0.030


def test_it_ends_on_a_crash():
    last = [note for note in NOTES if note.seconds > 7.9 * BAR_SECONDS]
    assert {groove.CRASH, groove.KICK} <= {note.key for note in last}


def test_an_unknown_song_lists_what_there_is():
    assert song_names() == ["drift", "groove"]
    with pytest.raises(
        AudioFileError, match="no song '../x' in .* there is: drift, groove"
    ):
        song_path("../x")
