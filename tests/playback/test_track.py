"""Sound files played by a host: in pitch, in time, without a seam or a click."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from rtaudio_dl.errors import AudioFileError, EngineError
from rtaudio_dl.host.host import Host
from rtaudio_dl.playback.kernels import TRACKS
from tests.dsp.test_resampler import amplitude_of, decibels, residue_db

RATE = 48_000
RATES = [8_000, 16_000, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000]
STOPPED_DB, FLAT_DB = -86.0, 0.1
LEVEL = 0.5  # below the limiter's knee: the master section changes nothing


def tone(rate, hz, seconds=1.0):
    return LEVEL * np.sin(2 * np.pi * hz / rate * np.arange(round(seconds * rate)))


def write(path, audio, rate=RATE):
    soundfile.write(path, audio, rate, "FLOAT")
    return path


def play(path, seconds=1.0, block=128, **options):
    with Host(RATE, block=block) as host:
        host.play_file(path, **options)
        return host.render(seconds)


@pytest.fixture
def busy(tmp_path):
    """Noise in stereo, a few seconds of it."""
    audio = np.random.default_rng(0).uniform(-0.4, 0.4, (3 * RATE, 2))
    return write(tmp_path / "busy.wav", audio.astype(np.float32))


@pytest.mark.parametrize("share", [0.1, 0.7])
@pytest.mark.parametrize("rate", RATES)
def test_a_tone_of_any_rate_is_that_tone(tmp_path, rate, share):
    hz = round(share * 0.5 * min(rate, RATE))
    heard = play(write(tmp_path / "tone.wav", tone(rate, hz), rate))[9600:38_400, 0]
    assert residue_db(heard / LEVEL, hz / RATE) < STOPPED_DB
    assert abs(decibels(amplitude_of(heard, hz / RATE) / LEVEL)) < FLAT_DB


@pytest.mark.parametrize("pitch", [-24, -7, 0.5, 12, 24])
def test_the_pitch_is_exact(tmp_path, pitch):
    heard = play(write(tmp_path / "tone.wav", tone(RATE, 500, 5)), pitch=pitch)
    hz = 500 * 2 ** (pitch / 12)
    assert residue_db(heard[9600:38_400, 0] / LEVEL, hz / RATE) < STOPPED_DB


def test_what_would_alias_is_gone(tmp_path):
    heard = play(write(tmp_path / "high.wav", tone(192_000, 30_000), 192_000))
    assert decibels(np.abs(heard[2400:-2400]).max()) < STOPPED_DB


@pytest.mark.parametrize("block", [1, 37, 1000, 8192])
def test_any_block_gives_the_same_bytes(busy, block):
    options = {"at": 0.0123, "pitch": 3.3, "seek": 0.5}
    first = play(busy, 0.3, **options)
    np.testing.assert_array_equal(play(busy, 0.3, block, **options), first)


def test_it_begins_at_its_frame(tmp_path):
    path = write(tmp_path / "one.wav", np.array([0.5] + [0.0] * 99))
    heard = play(path, at=0.25)
    assert np.flatnonzero(np.abs(heard[:, 0]) > 0.1).tolist() == [RATE // 4]


def test_it_sounds_together_with_instruments(busy):
    def render(with_file):
        with Host(RATE) as host:
            host.load("drums")
            host.note_on(36, 0.2, at=0.1)
            if with_file:
                host.play_file(busy, gain=0.25, at=0.1)
            return host.render(0.3)

    alone, together = render(False), render(True)
    added = together - alone
    only = play(busy, 0.3, gain=0.25, at=0.1)
    np.testing.assert_allclose(added, only, atol=1e-5)


def test_a_loop_has_no_seam(tmp_path):
    # 441 frames hold whole periods of the tone: looped, it is the tone for ever.
    path = write(tmp_path / "loop.wav", tone(44_100, 1000, 0.01), 44_100)
    heard = play(path, seconds=3, loop=True)[9600:, 0]
    assert residue_db(heard / LEVEL, 1000 / RATE) < STOPPED_DB


def test_a_loop_is_exact_to_the_sample(busy):
    audio, _ = soundfile.read(busy, dtype="float32")
    twice = write(busy.with_name("twice.wav"), np.concatenate([audio, audio]))
    looped = play(busy, seconds=5, loop=True)
    np.testing.assert_array_equal(looped, play(twice, seconds=5))


def test_a_loop_ends_at_its_seam_when_it_is_switched_off(tmp_path):
    path = write(tmp_path / "short.wav", np.full(RATE // 2, LEVEL))
    with Host(RATE) as host:
        track = host.play_file(path, loop=True)
        host.render(1.2)
        track.loop = False
        host.render(0.29)
        assert not track.ended
        host.render(0.1)
        assert track.ended


def test_an_end_is_one_no_more_when_it_is_to_loop(tmp_path):
    path = write(tmp_path / "short.wav", tone(RATE, 1000, 0.5))
    with Host(RATE) as host:
        track = host.play_file(path)
        host.render(0.2)
        track.loop = True
        heard = host.render(1.0)[:, 0]
        assert not track.ended
    assert residue_db(heard / LEVEL, 1000 / RATE) < -70  # the DC blocker's settling


def test_a_seek_goes_there_and_does_not_click(tmp_path):
    path = write(tmp_path / "tone.wav", 0.8 * tone(RATE, 50, 4))
    with Host(RATE) as host:
        track = host.play_file(path)
        host.render(0.5)
        track.seek(3.0)
        assert track.seconds == 3.0
        heard = host.render(0.5)[:, 0]
        assert track.seconds == pytest.approx(3.5, abs=0.006)
    steepest = 0.4 * 2 * np.pi * 50 / RATE
    assert np.abs(np.diff(heard)).max() < steepest + 0.4 * 2 / (0.005 * RATE)


def test_pause_holds_the_place(busy):
    with Host(RATE) as host:
        track = host.play_file(busy)
        host.render(0.5)
        track.pause()
        host.render(0.1)
        place = track.seconds
        silence = host.render(1.0)
        assert track.paused and track.seconds == place == pytest.approx(0.505, abs=1e-3)
        assert decibels(np.abs(silence[RATE // 2 :]).max()) < STOPPED_DB
        track.resume()
        assert np.abs(host.render(0.1)).max() > 0.1


def test_it_ends_and_its_place_is_free(busy):
    with Host(RATE) as host:
        for _ in range(2):
            tracks = [host.play_file(busy, seek=2.9) for _ in range(TRACKS)]
            with pytest.raises(EngineError, match="stop one first"):
                host.play_file(busy)
            host.render(0.2)
            assert all(track.ended for track in tracks)
        track = host.play_file(busy)
        track.stop()
        host.render(0.1)
        assert track.ended


def test_a_track_that_has_ended_leaves_the_next_one_of_its_place_alone(busy):
    with Host(RATE) as host:
        first = host.play_file(busy, seek=2.9)
        host.render(0.2)
        second = host.play_file(busy)
        first.stop()
        first.pause()
        host.render(0.5)
        assert second.seconds == pytest.approx(0.5) and not second.ended
        assert first.ended and first.seconds == pytest.approx(3)


def test_nothing_is_missing_however_long_it_is(tmp_path):
    path = tmp_path / "long.flac"
    audio = np.tile(tone(8000, 1000, 10).astype(np.float32), 12)
    soundfile.write(path, audio, 8000)
    with Host(8000) as host:
        track = host.play_file(path)
        heard = host.render(119)[8000:, 0]
        assert track.missing == 0 and track.seconds == pytest.approx(119, abs=0.1)
    assert residue_db(heard / LEVEL, 1000 / 8000) < -80  # 16 bits


def test_the_end_of_a_damaged_file_is_told(tmp_path, monkeypatch):
    path = write(tmp_path / "a.wav", tone(RATE, 100, 20))
    with Host(RATE) as host:
        track = host.play_file(path)

        def damaged(_frames):
            raise AudioFileError(f"{path} is damaged")

        monkeypatch.setattr(track._reader, "read", damaged)
        with pytest.warns(UserWarning, match="damaged; it ends there"):
            host.render(15)
        assert track.ended


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seek": 9}, "seek is 9; allowed: 0 to 3"),
        ({"pitch": 25}, "-24 to 24"),
        ({"gain": -1}, "0 to 4"),
        ({"at": -1}, "at is -1"),
    ],
)
def test_values_out_of_range_are_told(busy, options, words):
    with Host(RATE) as host, pytest.raises(EngineError, match=words):
        host.play_file(busy, **options)


def test_a_rate_too_high_for_the_pitch_is_told(tmp_path):
    path = write(tmp_path / "fast.wav", tone(192_000, 100), 192_000)
    with Host(RATE) as host:
        host.play_file(path, pitch=12)
        with pytest.raises(EngineError, match="the highest is 12.0"):
            host.play_file(path, pitch=13)


def test_a_flight_recording_and_a_file_exclude_each_other(busy, tmp_path):
    with Host(RATE) as host:
        host.record_flight(tmp_path / "a.flight")
        with pytest.raises(EngineError, match="no sound files"):
            host.play_file(busy)
    with Host(RATE) as host:
        host.play_file(busy)
        with pytest.raises(EngineError, match="before the first patch or sound file"):
            host.record_flight(tmp_path / "b.flight")
