"""All that a picture shows of a sound file, from one pass over it in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtaudio_dl.features import LogMel, mel_filterbank
from rtaudio_dl.files.read import SoundReader
from rtaudio_dl.views.meter import (
    MOMENTARY_STEPS,
    SHORT_TERM_STEPS,
    STEP_SECONDS,
    LoudnessMeter,
)
from rtaudio_dl.views.spectrum import (
    BANDS,
    COLUMNS,
    FLOOR,
    log_bands,
    window_power,
    window_size,
)

MEL_BANDS = 64
MAX_LANES = 8  # channels that are shown one by one; more are shown as one
FULL_SCALE = 1 - 2**-15  # from here on 16 bits have no room
_MAX_WINDOWS = 8  # per column: an hour is looked at in 11200 places
_BATCH = 256


@dataclass(frozen=True)
class Overview:
    """A sound file in columns of time.

    ``low``, ``high`` and ``rms`` are (lanes, columns); ``levels`` (bands, columns) and
    ``mel`` (mel bands, columns) are in dB, 0 for a full-scale sine, of the mean of all
    channels; ``hz`` and ``mel_hz`` are their bands' frequencies. ``momentary`` and
    ``short_term`` are (times in s, LUFS). ``clipped`` counts samples at full scale,
    ``not_finite`` those that were NaN or infinite.
    """

    path: Path
    format: str
    sample_rate: int
    channels: int
    seconds: float
    low: np.ndarray
    high: np.ndarray
    rms: np.ndarray
    levels: np.ndarray
    hz: np.ndarray
    mel: np.ndarray
    mel_hz: np.ndarray
    momentary: tuple[np.ndarray, np.ndarray]
    short_term: tuple[np.ndarray, np.ndarray]
    integrated: float | None
    range: float | None
    clipped: int
    not_finite: int

    @property
    def peak(self) -> float:
        """The highest sample, linear."""
        return float(max(self.high.max(), -self.low.min()))


class _Envelope:
    """Lowest and highest sample and power of each lane and column."""

    def __init__(self, frames: int, lanes: int, columns: int):
        self.edges = np.arange(columns) * frames // columns  # where columns begin
        self.sizes = np.diff(np.append(self.edges, frames))
        self.low = np.full((lanes, columns), np.inf)
        self.high = np.full((lanes, columns), -np.inf)
        self.power = np.zeros((lanes, columns))
        self.done = 0

    def feed(self, audio: np.ndarray) -> None:
        if len(self.low) < audio.shape[1]:  # as one lane
            extremes = audio.min(axis=1)[:, None], audio.max(axis=1)[:, None]
            power = np.square(audio, dtype=np.float64).mean(axis=1)[:, None]
        else:
            extremes, power = (audio, audio), np.square(audio, dtype=np.float64)
        end = self.done + len(audio)
        first = np.searchsorted(self.edges, self.done, "right") - 1
        last = np.searchsorted(self.edges, end, "left")
        columns = slice(first, last)
        starts = np.maximum(self.edges[columns] - self.done, 0)
        low = np.minimum.reduceat(extremes[0], starts).T
        high = np.maximum.reduceat(extremes[1], starts).T
        self.low[:, columns] = np.minimum(self.low[:, columns], low)
        self.high[:, columns] = np.maximum(self.high[:, columns], high)
        self.power[:, columns] += np.add.reduceat(power, starts).T
        self.done = end

    def rms(self) -> np.ndarray:
        return np.sqrt(self.power / self.sizes)


class _Windows:
    """Mean power spectrum of each column, of windows that are evenly spread."""

    def __init__(self, frames: int, sample_rate: int, columns: int):
        self.size = window_size(sample_rate)
        fitting = 2 * frames // (columns * self.size)
        self.per_column = min(max(1, fitting), _MAX_WINDOWS)
        count = columns * self.per_column
        middles = ((np.arange(count) + 0.5) * frames / count).astype(np.int64)
        self.starts = middles - self.size // 2
        self.power = np.zeros((columns, self.size // 2 + 1))
        self.buffer, self.first = np.zeros(self.size, np.float32), -self.size
        self.done = 0

    def feed(self, mono: np.ndarray) -> None:
        self.buffer = np.concatenate([self.buffer, mono])
        end = self.first + len(self.buffer)
        ready = int(np.searchsorted(self.starts + self.size, end, "right"))
        views = np.lib.stride_tricks.sliding_window_view(self.buffer, self.size)
        for start in range(self.done, ready, _BATCH):
            numbers = np.arange(start, min(start + _BATCH, ready))
            power = window_power(views[self.starts[numbers] - self.first])
            np.add.at(self.power, numbers // self.per_column, power)
        self.done = ready
        self.buffer, self.first = self.buffer[-self.size :], end - self.size

    def finish(self) -> np.ndarray:
        self.feed(np.zeros(self.size, np.float32))
        return self.power.T / self.per_column


def survey(
    path: str | os.PathLike[str],
    columns: int = COLUMNS,
    progress: Callable[[float], None] = lambda part: None,
) -> Overview:
    """Read a sound file once; ``progress`` is told the part that is done, 0..1.

    The cost in memory does not grow with its length. Raises AudioFileError.
    """
    with SoundReader(path) as reader:
        frames, rate = reader.frames, reader.sample_rate
        columns = min(columns, frames)
        lanes = reader.channels if reader.channels <= MAX_LANES else 1
        envelope = _Envelope(frames, lanes, columns)
        windows = _Windows(frames, rate, columns)
        meter = LoudnessMeter(rate, reader.channels)
        clipped = 0
        for audio in reader.blocks():
            audio = audio[: frames - envelope.done]
            if not len(audio):
                break
            envelope.feed(audio)
            windows.feed(audio.mean(axis=1))
            meter.feed(audio)
            clipped += int(np.count_nonzero(np.abs(audio) >= FULL_SCALE))
            progress(envelope.done / frames)
    power = windows.finish()
    # A file that ends before its header says so has no sound in the last columns.
    kept = max(1, int(np.searchsorted(envelope.edges, envelope.done, "left")))
    weights, hz = log_bands(rate, BANDS, windows.size)
    mel, mel_hz = _mel(power[:, :kept], rate, windows.size)
    return Overview(
        path=Path(path),
        format=reader.format,
        sample_rate=rate,
        channels=reader.channels,
        seconds=max(envelope.done, 1) / rate,
        low=np.where(np.isfinite(envelope.low), envelope.low, 0.0)[:, :kept],
        high=np.where(np.isfinite(envelope.high), envelope.high, 0.0)[:, :kept],
        rms=envelope.rms()[:, :kept],
        levels=10 * np.log10(weights @ power[:, :kept] + FLOOR),
        hz=hz,
        mel=mel,
        mel_hz=mel_hz,
        momentary=_timed(meter.momentary(), MOMENTARY_STEPS),
        short_term=_timed(meter.short_term(), SHORT_TERM_STEPS),
        integrated=meter.integrated(),
        range=meter.range(),
        clipped=clipped,
        not_finite=reader.not_finite,
    )


def _mel(power: np.ndarray, rate: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mel levels in dB (bands, columns) by the filters that classifiers take."""
    filters = mel_filterbank(LogMel(rate, window=size, hop=size, bands=MEL_BANDS))
    bins = np.arange(size // 2 + 1) * rate / size
    hz = (bins @ filters) / filters.sum(axis=0)
    return 10 * np.log10(filters.T @ power + FLOOR), hz


def _timed(lufs: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    return (np.arange(len(lufs)) + steps) * STEP_SECONDS, lufs
