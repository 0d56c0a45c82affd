"""The interpolator against the mathematics of a tone."""

import numba
import numpy as np
import pytest

from rtaudio_dl.dsp import resampler
from rtaudio_dl.dsp.resampler import MAX_STEP, PADDING, filter_table, sample_at

FRAMES = 4096  # of output
LEAD = 500.0  # frames into the sound: its beginning is not heard
# Frames of the sound per frame of output. 16 kHz played at 48 and at 44.1 kHz, a fifth
# up, octaves, and the fastest.
STEPS = [1 / 3, 16 / 44.1, 1.0, 1.5, 2.0, 4.0, 7.9]
STOPPED_DB = -86.0  # what must not be heard
FLAT_DB = 0.1
FLAT_UP_TO = 0.85  # of the frequencies that both sides can carry


@numba.njit
def _play(filters, sound, step, start, out):
    position = start
    for i in range(out.size):
        out[i] = sample_at(filters, sound, position, step)
        position += step


def play(sound, step: float, start: float = LEAD, frames: int = FRAMES) -> np.ndarray:
    padded = np.pad(np.asarray(sound, np.float32), PADDING)
    out = np.zeros(frames)
    _play(filter_table(), padded, step, start, out)
    return out


def length_for(step: float) -> int:
    return int(FRAMES * step + 2 * LEAD)


def tone(frequency: float, step: float) -> np.ndarray:
    """A tone of amplitude 1; ``frequency`` in cycles per frame of the sound."""
    return np.sin(2 * np.pi * frequency * np.arange(length_for(step)))


def sweep(low: float, high: float, step: float) -> np.ndarray:
    frequency = np.linspace(low, high, length_for(step))
    return np.sin(2 * np.pi * np.cumsum(frequency))


def decibels(amplitude: float) -> float:
    return 20 * np.log10(amplitude + 1e-12)


def amplitude_of(audio: np.ndarray, frequency: float) -> float:
    window = np.hanning(len(audio))
    turning = np.exp(-2j * np.pi * frequency * np.arange(len(audio)))
    return 2 * abs((audio * window * turning).sum()) / window.sum()


def residue_db(audio: np.ndarray, frequency: float) -> float:
    """What is beside a tone of amplitude 1, as the amplitude of another tone."""
    angle = 2 * np.pi * frequency * np.arange(len(audio))
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    fitted = basis @ np.linalg.lstsq(basis, audio, rcond=None)[0]
    return decibels(np.std(audio - fitted) * 2**0.5)


def carried(step: float) -> float:
    """The highest frequency that both sides carry, in cycles per frame of the sound."""
    return 0.5 * min(1.0, 1.0 / step)


@pytest.mark.parametrize("step", [s for s in STEPS if s > 1])
def test_what_would_alias_is_gone(step):
    heard = play(sweep(carried(step) * 1.001, 0.4999, step), step)
    assert decibels(np.abs(heard[50:-50]).max()) < STOPPED_DB


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.85, 0.95])
@pytest.mark.parametrize("step", STEPS)
def test_a_tone_brings_no_image_no_alias_no_distortion(step, share):
    frequency = share * carried(step)
    heard = play(tone(frequency, step), step)
    assert residue_db(heard, frequency * step) < STOPPED_DB


@pytest.mark.parametrize("step", [s for s in STEPS if s < 1])
def test_a_sweep_has_no_images(step):
    """Played slowly, it stays below the sound's own half sample rate."""
    heard = play(sweep(0.01, 0.42, step), step)
    spectrum = np.abs(np.fft.rfft(heard * np.blackman(FRAMES)))
    frequency = np.fft.rfftfreq(FRAMES) / step
    images = spectrum[frequency > 0.5 + 0.01 / step].max()
    assert decibels(images / spectrum.max()) < STOPPED_DB


@pytest.mark.parametrize("step", STEPS)
def test_the_passband_is_flat(step):
    for share in np.linspace(0.01, FLAT_UP_TO, 15):
        frequency = share * carried(step)
        heard = play(tone(frequency, step), step)
        level = decibels(amplitude_of(heard, frequency * step))
        assert abs(level) < FLAT_DB, f"{share:.2f}: {level:.2f} dB"


@pytest.mark.parametrize("step", [*STEPS, 1.0001, 1.2, MAX_STEP])
def test_a_constant_stays_that_constant(step):
    heard = play(np.ones(length_for(step)), step)
    assert np.abs(heard - 1).max() < 1e-6


@pytest.mark.parametrize("fraction", [0.0, 0.1, 1 / 3, 0.5, 0.9999])
def test_a_fractional_delay_is_exact(fraction):
    frequencies = [0.01, 0.123, 0.3, 0.4]
    sound = sum(tone(f, 1.0) for f in frequencies) / 4
    heard = play(sound, 1.0, start=LEAD + fraction)
    time = LEAD + fraction + np.arange(FRAMES)
    exact = sum(np.sin(2 * np.pi * f * time) for f in frequencies) / 4
    assert decibels(np.abs(heard - exact).max()) < STOPPED_DB


@pytest.mark.parametrize("step", STEPS)
def test_pitch_is_exact_to_a_hundredth_of_a_cent(step):
    frequency = 0.1 * carried(step)
    heard = play(tone(frequency, step), step)
    half = FRAMES // 2
    turning = np.exp(-2j * np.pi * frequency * step * np.arange(half))
    window = np.hanning(half)
    before, after = ((part * turning * window).sum() for part in np.split(heard, 2))
    # The second half's phase against the first's, beyond what the frequency explains.
    turned = np.angle(after / before * np.exp(-2j * np.pi * frequency * step * half))
    off = turned / (2 * np.pi * half)
    assert abs(1200 * np.log2(1 + off / (frequency * step))) < 0.01


def test_whole_positions_at_speed_one_give_the_samples_of_a_band_limited_sound():
    sound = tone(0.2, 1.0)
    heard = play(sound, 1.0)
    start = int(LEAD)
    assert decibels(np.abs(heard - sound[start : start + FRAMES]).max()) < STOPPED_DB


def test_an_impulse_is_heard_where_it_is():
    sound = np.zeros(200)
    sound[100] = 1.0
    heard = play(sound, 1.0, start=0.0, frames=200)
    assert np.abs(heard).argmax() == 100
    assert heard[100 - 20 : 100] == pytest.approx(heard[101:121][::-1], abs=1e-6)


@pytest.mark.parametrize("step", [0.01, 1.0, MAX_STEP])
def test_no_filter_reaches_outside_of_the_padding(step):
    """The farthest positions that a voice asks for; the memory around is poisoned."""
    frames, far = 64, 2 * PADDING
    memory = np.full(far + 2 * PADDING + frames + far, np.nan, np.float32)
    padded = memory[far:-far]
    padded[:] = 0
    out = np.zeros(1)
    for position in (0.0, frames + resampler.TAIL - 1e-9):
        _play(filter_table(), padded, step, position, out)
        assert out[0] == 0


def test_banks_cover_every_speed_and_grow_with_it():
    limits, taps = resampler.BANK_LIMITS, resampler.BANK_TAPS
    assert limits[0] == 1 and MAX_STEP == pytest.approx(8)
    assert list(taps) == sorted(taps)
    assert PADDING >= max(taps) // 2 + resampler.TAIL
    assert filter_table().size == resampler.TABLE_SIZE
    assert filter_table().dtype == np.float32
