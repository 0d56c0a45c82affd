"""Facts about reading MIDI files, with mido as the other implementation."""

from __future__ import annotations

import io
import os
import struct
from fractions import Fraction

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudio_dl.errors import AudioFileError
from rtaudio_dl.midi import file as smf
from rtaudio_dl.midi.file import Note, read_song

END = bytes([0, 0xFF, 0x2F, 0])
ON = bytes([0, 0x90, 60, 100])


def chunk(body: bytes, name: bytes = b"MTrk") -> bytes:
    return name + struct.pack(">L", len(body)) + body


def song_bytes(*tracks: bytes, kind: int = 1, division: int = 480) -> bytes:
    header = chunk(struct.pack(">HHH", kind, len(tracks), division), b"MThd")
    return header + b"".join(chunk(track) for track in tracks)


def read_bytes(tmp_path, content: bytes) -> smf.Song:
    path = tmp_path / "song.mid"
    path.write_bytes(content)
    return read_song(path)


def rows(song: smf.Song) -> list[tuple]:
    return [tuple(row) for row in song.events.tolist()]


def tempo(microseconds: int, delta: bytes = b"\0") -> bytes:
    return delta + b"\xff\x51\x03" + microseconds.to_bytes(3, "big")


def test_notes_at_the_default_tempo(tmp_path):
    track = ON + bytes([0x83, 0x60, 0x80, 60, 0]) + END  # 480 ticks later
    song = read_bytes(tmp_path, song_bytes(track, kind=0))
    assert rows(song) == [(0.0, 0x90, 60, 100), (0.5, 0x80, 60, 0)]
    assert song.seconds == 0.5
    assert song.notes() == [Note(0.0, 0, 60, 100 / 127)]


def test_note_on_with_velocity_0_is_no_onset(tmp_path):
    song = read_bytes(tmp_path, song_bytes(bytes([0, 0x90, 60, 0]) + END))
    assert len(song.events) == 1
    assert song.notes() == []


def test_tempo_of_one_track_moves_the_others(tmp_path):
    beat = bytes([0x83, 0x60])
    conductor = tempo(1_000_000) + tempo(250_000, beat) + END
    drums = ON + beat + ON[1:] + beat + ON[1:] + END
    song = read_bytes(tmp_path, song_bytes(conductor, drums))
    assert song.events["seconds"].tolist() == [0.0, 1.0, 1.25]


@pytest.mark.parametrize(
    "frames, ticks, seconds",
    [(24, 10, 1 / 240), (25, 40, 1e-3), (29, 80, 1001 / 2_400_000), (30, 1, 1 / 30)],
)
def test_time_code_ignores_tempo(tmp_path, frames, ticks, seconds):
    division = (256 - frames) << 8 | ticks
    track = tempo(1) + bytes([1, 0x90, 60, 1]) + END
    song = read_bytes(tmp_path, song_bytes(track, division=division))
    assert song.events["seconds"][0] == seconds


def test_one_instant_keeps_the_order_of_tracks_and_messages(tmp_path):
    first = bytes([0, 0xC0, 7, 0, 0xB0, 7, 90]) + END
    second = bytes([0, 0x90, 60, 1, 0, 0x90, 59, 1]) + END
    song = read_bytes(tmp_path, song_bytes(first, second))
    assert song.events["status"].tolist() == [0xC0, 0xB0, 0x90, 0x90]
    assert song.events["data1"].tolist() == [7, 7, 60, 59]


def test_running_status_goes_on_after_a_meta_event(tmp_path):
    track = ON + bytes([0, 62, 5]) + bytes([0, 0xFF, 1, 2, 65, 66]) + bytes([0, 64, 5])
    song = read_bytes(tmp_path, song_bytes(track + END))
    assert song.events["data1"].tolist() == [60, 62, 64]


def test_sysex_and_chunks_of_other_kinds_are_skipped(tmp_path):
    track = bytes([0, 0xF0, 2, 1, 0xF7]) + ON + END
    content = song_bytes(track)
    content = content[:14] + chunk(b"hello", b"XFIH") + content[14:]
    assert len(read_bytes(tmp_path, content).events) == 1


def test_events_are_read_only(tmp_path):
    song = read_bytes(tmp_path, song_bytes(ON + END))
    with pytest.raises(ValueError, match="read-only"):
        song.events["seconds"][0] = 1


def test_a_song_without_events_is_a_song(tmp_path):
    song = read_bytes(tmp_path, song_bytes(END))
    assert (len(song.events), song.seconds, song.notes()) == (0, 0.0, [])


def test_a_silent_track_end_counts_into_the_length(tmp_path):
    track = ON + bytes([0x87, 0x40, 0xFF, 0x2F, 0])
    assert read_bytes(tmp_path, song_bytes(track)).seconds == 1.0


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "header"),
        (b"RIFF" + bytes(40), "header"),
        (song_bytes(ON + END, kind=2), "type 2, allowed: 0, 1"),
        (song_bytes(), "0 tracks, allowed"),
        (song_bytes(*[END] * 1025), "1025 tracks, allowed: 1 to 1024"),
        (song_bytes(ON + END, division=0), "0 ticks per quarter note"),
        (song_bytes(ON + END, division=0xE200), "time code"),
        (song_bytes(ON + END, division=0x8001), "time code"),
        (song_bytes(ON + END)[:-1], "cut off"),
        (song_bytes(ON + END)[:14], "ends after 0 of its 1 tracks"),
        (song_bytes(ON[:3]), "cut off"),
        (song_bytes(bytes([0])), "cut off"),
        (song_bytes(bytes([0, 0xFF, 1, 9, 65])), "cut off"),
        (song_bytes(bytes([0, 60, 100])), "without a status byte"),
        (song_bytes(bytes([0, 0x90, 60, 200])), "60, 200 .* allowed: 0 to 127"),
        (song_bytes(bytes([0, 0xF8])), "0xf8"),
        (song_bytes(bytes([0x80] * 5) + ON), "longer than four bytes"),
        (song_bytes(tempo(0) + END), "tempo '00 00 00'"),
        (song_bytes(b"\0\xff\x51\x02\x07\xa1" + END), "tempo '07 a1'"),
        (song_bytes(bytes([0xFF] * 3 + [0x7F]) + ON[1:] + END), "allowed: 21600"),
    ],
)
def test_a_hostile_file_gets_one_clear_error(tmp_path, content, says):
    with pytest.raises(AudioFileError, match=says) as caught:
        read_bytes(tmp_path, content)
    assert str(caught.value).startswith(str(tmp_path / "song.mid"))


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "no.mid", tmp_path):
        with pytest.raises(AudioFileError, match="no such file"):
            read_song(path)


def test_a_file_that_is_too_large_is_not_parsed(tmp_path):
    path = tmp_path / "large.mid"
    path.touch()
    os.truncate(path, smf.MAX_FILE_BYTES + 1)
    with pytest.raises(AudioFileError, match=f"{smf.MAX_FILE_BYTES} bytes allowed"):
        read_song(path)


def test_too_many_events(tmp_path, monkeypatch):
    monkeypatch.setattr(smf, "MAX_EVENTS", 10)
    assert len(read_bytes(tmp_path, song_bytes(ON * 9 + END)).events) == 9
    with pytest.raises(AudioFileError, match="10 events allowed"):
        read_bytes(tmp_path, song_bytes(ON * 10 + END))


def test_too_many_tempo_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(smf, "MAX_TEMPO_CHANGES", 2)
    with pytest.raises(AudioFileError, match="2 tempo changes allowed"):
        read_bytes(tmp_path, song_bytes(tempo(9) * 3 + END))


key = st.integers(0, 127)
channel = st.integers(0, 15)
messages = st.one_of(
    st.builds(lambda c, k, v: mido.Message("note_on", channel=c, note=k, velocity=v),
              channel, key, key),
    st.builds(lambda c, k, v: mido.Message("note_off", channel=c, note=k, velocity=v),
              channel, key, key),
    st.builds(lambda c, k, v: mido.Message("polytouch", channel=c, note=k, value=v),
              channel, key, key),
    st.builds(lambda c, k, v: mido.Message("control_change", channel=c, control=k,
                                           value=v), channel, key, key),
    st.builds(lambda c, p: mido.Message("program_change", channel=c, program=p),
              channel, key),
    st.builds(lambda c, v: mido.Message("aftertouch", channel=c, value=v),
              channel, key),
    st.builds(lambda c, v: mido.Message("pitchwheel", channel=c, pitch=v),
              channel, st.integers(-8192, 8191)),
    st.builds(lambda v: mido.MetaMessage("set_tempo", tempo=v),
              st.integers(1, 2_000_000)),
    st.builds(lambda v: mido.MetaMessage("text", text=v), st.text("abc", max_size=200)),
    st.builds(lambda v: mido.Message("sysex", data=v), st.lists(key, max_size=200)),
)  # fmt: skip
timed_messages = st.builds(
    lambda message, time: message.copy(time=time), messages, st.integers(0, 20_000)
)
tracks = st.lists(st.lists(timed_messages, max_size=12), min_size=1, max_size=4)


def expected(tracks, ticks_per_beat: int) -> list[tuple[Fraction, list[int]]]:
    """The same song by plain exact arithmetic, one tick-to-tick step at a time."""
    merged = []
    for number, track in enumerate(tracks):
        tick = 0
        for message in track:
            tick += message.time
            merged.append((tick, number, message))
    merged.sort(key=lambda item: item[:2])
    now, last, microseconds = Fraction(0), 0, 500_000
    played = []
    for tick, _, message in merged:
        now += Fraction((tick - last) * microseconds, 1_000_000 * ticks_per_beat)
        last = tick
        if message.type == "set_tempo":
            microseconds = message.tempo
        elif not message.is_meta and message.type != "sysex":
            played.append((now, (message.bytes() + [0])[:3]))
    return played


@settings(max_examples=150, deadline=None)
@given(tracks=tracks, ticks_per_beat=st.integers(24, 32767))
def test_round_trip_through_mido(tmp_path_factory, tracks, ticks_per_beat):
    file = mido.MidiFile(type=1, ticks_per_beat=ticks_per_beat)
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    buffer = io.BytesIO()
    file.save(file=buffer)
    song = read_bytes(tmp_path_factory.getbasetemp(), buffer.getvalue())
    played = expected(tracks, ticks_per_beat)
    fields = song.events[["status", "data1", "data2"]].tolist()
    assert [list(f) for f in fields] == [data for _, data in played]
    seconds = np.array([float(time) for time, _ in played])
    np.testing.assert_allclose(song.events["seconds"], seconds, rtol=1e-15, atol=0)


@settings(max_examples=300, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 80), st.integers(0, 255)), min_size=1, max_size=6
    ),
    keep=st.integers(0, 90),
)
def test_mutated_files_give_a_song_or_our_error(tmp_path_factory, edits, keep):
    content = bytearray(song_bytes(tempo(300_000) + END, (ON + b"\x0f\x50\x10") * 8))
    for place, value in edits:
        content[place % len(content)] = value
    try:
        song = read_bytes(tmp_path_factory.getbasetemp(), bytes(content[:keep]))
    except AudioFileError:
        return
    assert song.seconds <= smf.MAX_SECONDS
    assert (np.diff(song.events["seconds"]) >= 0).all()
