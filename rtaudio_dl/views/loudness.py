"""How loud a recording is: sample peak, true peak, integrated loudness, RMS."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rtaudio_dl.views.meter import RATE_RANGE, LoudnessMeter

BLOCK_SECONDS = 0.4  # the gating block of ITU-R BS.1770; shorter audio has no LUFS
TRUE_PEAK_RATE = 192_000  # Hz; BS.1770 annex 2 asks for at least 4 x 48 kHz
CHUNK_FRAMES = 1 << 16
CHUNK_MARGIN = 64  # frames on each side, more than the resampler's filter reaches
CHANNELS = (1, 2)


@dataclass(frozen=True)
class Loudness:
    """Levels of one recording; silence is -inf dB.

    ``peak_dbfs`` is of the samples, ``true_peak_dbtp`` of the waveform between them,
    ``integrated_lufs`` is gated as in ITU-R BS.1770-4 (None: shorter than 0.4 s),
    ``rms_dbfs`` is over all frames and channels (0 dB: a full-scale square wave).
    """

    peak_dbfs: float
    true_peak_dbtp: float
    integrated_lufs: float | None
    rms_dbfs: float


def measure(audio: np.ndarray, sample_rate: int, true_peak: bool = True) -> Loudness:
    """Measure float audio (frames, channels) or (frames,), mono or stereo, in -1..1.

    Without ``true_peak``, which takes longer than all the rest, it is the samples'.
    Raises ValueError for another shape, an impossible rate or samples that are NaN or
    infinite.
    """
    audio = _checked(audio, sample_rate)
    if not len(audio):
        return Loudness(-math.inf, -math.inf, None, -math.inf)
    peak = float(np.abs(audio).max())
    mean_square = float(np.mean(np.square(audio, dtype=np.float64)))
    between = _true_peak(audio, sample_rate) if true_peak else 0.0
    return Loudness(
        peak_dbfs=decibels(peak),
        true_peak_dbtp=decibels(max(peak, between)),
        integrated_lufs=_integrated(audio, sample_rate),
        rms_dbfs=decibels(math.sqrt(mean_square)),
    )


def decibels(amplitude: float) -> float:
    """20 log10 of an amplitude; 0 is -inf."""
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf


def _checked(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    audio = np.asarray(audio)
    audio = audio[:, np.newaxis] if audio.ndim == 1 else audio
    if audio.ndim != 2 or audio.shape[1] not in CHANNELS:
        raise ValueError(
            f"audio has shape {audio.shape}; allowed: (frames,), (frames, 1) and "
            "(frames, 2); measure other layouts channel by channel"
        )
    low, high = RATE_RANGE
    if not low <= sample_rate <= high:
        raise ValueError(f"sample_rate is {sample_rate}; allowed: {low} to {high} Hz")
    if not np.isfinite(audio).all():
        raise ValueError("audio has NaN or infinite samples; replace them first")
    return audio


def _true_peak(audio: np.ndarray, sample_rate: int) -> float:
    """Largest amplitude of the band-limited waveform, by oversampling in chunks."""
    from scipy.signal import resample_poly

    factor = max(1, math.ceil(TRUE_PEAK_RATE / sample_rate))
    peak = 0.0
    for start in range(0, len(audio), CHUNK_FRAMES):
        left = min(start, CHUNK_MARGIN)
        chunk = audio[start - left : start + CHUNK_FRAMES + CHUNK_MARGIN]
        fine = resample_poly(chunk, factor, 1, axis=0)
        own = fine[left * factor : (left + CHUNK_FRAMES) * factor]
        peak = max(peak, float(np.abs(own).max()))
    return peak


def _integrated(audio: np.ndarray, sample_rate: int) -> float | None:
    if len(audio) < math.ceil(BLOCK_SECONDS * sample_rate):
        return None
    meter = LoudnessMeter(sample_rate, audio.shape[1])
    meter.feed(audio)
    return meter.integrated()
