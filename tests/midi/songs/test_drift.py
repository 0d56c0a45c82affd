"""Facts about the song of the notes."""

from rtaudio_dl.midi.file import read_song
from rtaudio_dl.midi.songs import drift, song_path
from rtaudio_dl.patches.patch import find_patch

SONG = read_song(song_path("drift"))


def test_the_script_makes_the_shipped_bytes(tmp_path):
    drift.write_drift(tmp_path / "again.mid")
    assert (tmp_path / "again.mid").read_bytes() == song_path("drift").read_bytes()


def test_every_note_ends_and_no_key_is_struck_while_it_is_down():
    down = set()
    for event in SONG.events:
        kind, channel = divmod(int(event["status"]), 16)
        key = channel, int(event["data1"])
        if kind == 0x9:
            assert key not in down
            down.add(key)
        elif kind == 0x8:
            down.remove(key)
    assert not down


def test_the_pad_goes_through_all_corners():
    controls = {drift.PAD_X: 0, drift.PAD_Y: 0}
    places = set()
    for event in SONG.events[SONG.events["status"] >> 4 == 0xB]:
        controls[int(event["data1"])] = int(event["data2"])
        places.add(tuple(controls.values()))
    assert {(0, 0), (127, 0), (0, 127), (127, 127)} <= places


def test_the_patch_has_its_keys_and_its_pad():
    patch = find_patch("notes")
    assert {note.key for note in SONG.notes()} <= set(patch.keys)
    assert patch.controls[drift.PAD_X] == "x" and patch.controls[drift.PAD_Y] == "y"
