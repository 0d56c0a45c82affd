"""One pass over a sound file, of any length, layout and content."""

import tracemalloc

import numpy as np
import pytest
import soundfile

from rtaudio_dl.features import LogMel, log_mel
from rtaudio_dl.views.overview import MEL_BANDS, survey
from rtaudio_dl.views.spectrum import envelope, window_size

RATE = 16_000


def write(path, audio, rate=RATE, subtype="FLOAT"):
    soundfile.write(path, audio, rate, subtype)
    return path


def noise(frames, channels=1, seed=0):
    random = np.random.default_rng(seed)
    return random.uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)


@pytest.mark.parametrize("frames", [1, 3, 1399, 65_537, 200_003])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_the_envelope_is_that_of_the_whole(tmp_path, frames, channels):
    audio = noise(frames, channels)
    seen = survey(write(tmp_path / "a.wav", audio))
    assert seen.low.shape == (channels, min(frames, 1400))
    for lane in range(channels):
        low, high, _ = envelope(audio[:, lane : lane + 1], 1400)
        assert (seen.low[lane].min(), seen.high[lane].max()) == (low.min(), high.max())
    whole = np.sqrt(np.square(audio, dtype=np.float64).mean(axis=0))
    spread = seen.seconds * RATE / seen.low.shape[1]
    sizes = np.diff(np.arange(seen.low.shape[1] + 1) * frames // seen.low.shape[1])
    assert sizes.mean() == pytest.approx(spread)
    total = np.sqrt((np.square(seen.rms) * sizes).sum(axis=1) / frames)
    np.testing.assert_allclose(total, whole, rtol=1e-6)


def test_more_channels_than_lanes_are_one_lane(tmp_path):
    audio = noise(3000, 12)
    seen = survey(write(tmp_path / "a.wav", audio))
    assert seen.low.shape == (1, 1400) and seen.channels == 12
    assert seen.peak == pytest.approx(np.abs(audio).max())


def test_a_sine_is_at_its_level_frequency_and_time(tmp_path):
    time = np.arange(8 * RATE) / RATE
    audio = np.where(time < 4, 0.5 * np.sin(2 * np.pi * 1000 * time), 0)
    seen = survey(write(tmp_path / "a.wav", audio), columns=100)
    for levels, hz in ((seen.levels, seen.hz), (seen.mel, seen.mel_hz)):
        middle = levels[:, 25]
        assert hz[middle.argmax()] == pytest.approx(1000, rel=0.08)
        assert levels[:, 60:].max() < -100
    assert seen.levels[:, 25].max() == pytest.approx(-6, abs=2)


def test_the_mel_bands_are_those_of_the_feature(tmp_path):
    """One window, that begins one frame before the sound, by `rtaudio_dl.features`."""
    size = window_size(RATE)
    audio = noise(size - 1)
    seen = survey(write(tmp_path / "a.wav", audio), columns=1)
    spec = LogMel(RATE, window=size, hop=size, bands=MEL_BANDS, floor=1e-12)
    (only,) = log_mel(np.concatenate([[0], audio[:, 0]]), spec)
    # Its power of a full-scale sine is 1/4 (cosine and sine part), here it is 1.
    decibels = 10 / np.log(10) * only + 10 * np.log10(4)
    np.testing.assert_allclose(seen.mel[:, 0], decibels, atol=0.05)


def test_what_is_wrong_with_samples_is_counted(tmp_path):
    audio = noise(1000)
    audio[10:13] = 1.0
    audio[20] = np.nan
    seen = survey(write(tmp_path / "a.wav", audio))
    assert (seen.clipped, seen.not_finite, seen.peak) == (3, 1, 1.0)


def test_silence_has_no_level_and_no_warning(tmp_path, recwarn):
    seen = survey(write(tmp_path / "a.wav", np.zeros((RATE, 2))))
    assert seen.peak == 0 and seen.integrated == -np.inf
    assert seen.levels.max() <= -119 and not recwarn.list


def test_a_file_cut_short_ends_where_its_sound_does(tmp_path):
    path = write(tmp_path / "a.flac", noise(20 * RATE), subtype="PCM_16")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    try:
        seen = survey(path)
    except ValueError as error:  # what libsndfile does depends on its version
        assert "damaged" in str(error)
    else:
        assert 5 < seen.seconds <= 20
        assert seen.low.shape[1] == seen.levels.shape[1] == seen.mel.shape[1]


def test_memory_does_not_grow_with_length(tmp_path):
    def peak(seconds):
        with soundfile.SoundFile(tmp_path / "a.wav", "w", 48_000, 2) as file:
            for _ in range(seconds):
                file.write(noise(48_000, 2))
        tracemalloc.start()
        survey(tmp_path / "a.wav")
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)
    short, long = peak(40), peak(160)
    assert long < 1.1 * short + (1 << 20)


def test_progress_goes_to_the_end(tmp_path):
    parts = []
    survey(write(tmp_path / "a.wav", noise(200_000)), progress=parts.append)
    assert parts == sorted(parts) and parts[-1] == 1
