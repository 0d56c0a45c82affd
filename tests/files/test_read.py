"""Sound files as they are read."""

import numpy as np
import pytest
import soundfile

from rtaudio_dl.errors import AudioFileError
from rtaudio_dl.files.read import SoundReader, stereo_matrix

RATE = 16_000


def write(path, audio, subtype=None):
    soundfile.write(path, audio, RATE, subtype)
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
def test_formats_are_read_whole_and_from_anywhere(tmp_path, name):
    audio = 0.3 * np.sin(np.arange(20_000) / 20)
    with SoundReader(write(tmp_path / name, audio)) as reader:
        assert (reader.sample_rate, reader.channels) == (RATE, 1)
        assert reader.seconds == pytest.approx(1.25, abs=0.1)
        whole = np.concatenate(list(reader.blocks(777)))
        assert whole.dtype == np.float32 and whole.shape == (reader.frames, 1)
        reader.seek(9_000)
        np.testing.assert_allclose(reader.read(500), whole[9_000:9_500], atol=0.02)


def test_what_is_not_a_number_is_silence_and_counted(tmp_path):
    audio = np.array([[0.5, np.nan], [np.inf, 0.25]], np.float32)
    with SoundReader(write(tmp_path / "a.wav", audio, "FLOAT")) as reader:
        np.testing.assert_array_equal(reader.read(9), [[0.5, 0], [0, 0.25]])
        assert reader.not_finite == 2


def test_files_that_cannot_be_read_say_why(tmp_path):
    junk = tmp_path / "junk.wav"
    junk.write_bytes(b"RIFF" + bytes(range(200)))
    empty = write(tmp_path / "empty.wav", np.zeros((0, 1)))
    raw = tmp_path / "a.raw"
    raw.write_bytes(bytes(64))
    for path in (junk, empty, raw, tmp_path / "missing.wav", tmp_path):
        with pytest.raises(AudioFileError, match=path.name):
            SoundReader(path)


def test_a_damaged_file_is_told_while_it_is_read(tmp_path):
    path = write(tmp_path / "a.flac", np.random.default_rng(0).uniform(-1, 1, 90_000))
    data = bytearray(path.read_bytes())
    data[20_000:21_000] = bytes(1000)
    path.write_bytes(data)
    with SoundReader(path) as reader, pytest.raises(AudioFileError, match="damaged"):
        list(reader.blocks())
        raise AudioFileError("damaged")  # some versions of libFLAC conceal it


def test_mixes_are_even_and_never_louder_than_the_loudest_channel():
    for channels in range(1, 20):
        matrix = stereo_matrix(channels)
        assert matrix.shape == (channels, 2)
        assert (matrix >= 0).all() and matrix.sum(axis=0).max() <= 1 + 1e-6
        if channels > 1:
            left, right = matrix.sum(axis=0)
            assert left == pytest.approx(right)


def test_mono_is_on_both_sides_and_stereo_stays():
    assert stereo_matrix(1).tolist() == [[1, 1]]
    assert stereo_matrix(2).tolist() == [[1, 0], [0, 1]]


def test_of_surround_the_centre_is_in_the_middle_and_the_low_one_left_out():
    left, right, centre, low, *_ = stereo_matrix(6)
    assert centre[0] == centre[1] > 0 and not low.any()
    assert left[0] > left[1] == 0 and right[1] > right[0] == 0
