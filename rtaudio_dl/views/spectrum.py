"""Numbers behind pictures: envelopes and spectra, however long the sound is."""

from __future__ import annotations

import numpy as np

WINDOW_SECONDS = 0.042
LOWEST_HZ = 40.0
COLUMNS = 1400  # of time, as many as a picture shows
BANDS = 240
FLOOR = 1e-12  # power: -120 dB


def envelope(
    audio: np.ndarray, columns: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest and highest sample and RMS of each column of time, over all channels."""
    columns = min(columns, len(audio))
    starts = np.linspace(0, len(audio), columns, endpoint=False).astype(np.int64)
    sizes = np.diff(np.append(starts, len(audio)))
    low = np.minimum.reduceat(audio.min(axis=1), starts)
    high = np.maximum.reduceat(audio.max(axis=1), starts)
    power = np.add.reduceat(np.square(audio, dtype=np.float64).mean(axis=1), starts)
    return low, high, np.sqrt(power / sizes)


def window_size(sample_rate: float) -> int:
    """Frames of a window of about 42 ms, a power of two."""
    return 1 << max(6, round(np.log2(WINDOW_SECONDS * sample_rate)))


def window_power(frames: np.ndarray) -> np.ndarray:
    """Power (windows, bins) of frames (windows, size) under a Hann window.

    A full-scale sine has 1 in its bin.
    """
    window = np.hanning(frames.shape[1] + 1)[:-1].astype(np.float32)
    return np.square(2 / window.sum() * np.abs(np.fft.rfft(frames * window)))


def log_spectrogram(
    mono: np.ndarray, sample_rate: int, columns: int = COLUMNS, bands: int = BANDS
) -> tuple[np.ndarray, np.ndarray]:
    """Levels (bands, columns) in dB and the bands' frequencies in Hz, log-spaced.

    A full-scale sine reads about 0 dB. Columns are evenly spaced over the audio, each
    a Hann window at its place, so that the cost does not grow with the length.
    """
    size = window_size(sample_rate)
    padded = np.pad(mono, size // 2)
    places = np.linspace(0, len(mono), columns, endpoint=False).astype(np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)
    weights, hz = log_bands(sample_rate, bands, size)
    power = np.empty((bands, columns))
    for some in np.array_split(np.arange(columns), max(1, columns // 128)):
        power[:, some] = weights @ window_power(frames[places[some]]).T
    return 10 * np.log10(power + FLOOR), hz


def log_bands(sample_rate: float, bands: int, size: int) -> tuple[np.ndarray, ...]:
    """Weights (bands, bins) of log-spaced bands, and the bands' frequencies in Hz."""
    hz = np.geomspace(LOWEST_HZ, sample_rate / 2, bands)
    return band_weights(hz, np.fft.rfftfreq(size, 1 / sample_rate)), hz


def band_weights(band_hz: np.ndarray, bin_hz: np.ndarray) -> np.ndarray:
    """Triangles (bands, bins) that are one band wide, and at least two bins."""
    ratio = band_hz[1] / band_hz[0]
    half_width = np.maximum(band_hz * (ratio - 1), bin_hz[1])[:, np.newaxis]
    distance = np.abs(bin_hz - band_hz[:, np.newaxis])
    return np.maximum(0, 1 - distance / half_width)
