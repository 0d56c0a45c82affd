"""Log-mel spectrograms as constant matrices: the one implementation of the feature.

Training, evaluation and exported graphs all multiply by the matrices made here, so
what a network was trained on and what it is served cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LogMel:
    """What a log-mel spectrogram is made of.

    ``window`` and ``hop`` are in frames, ``low_hz`` and ``high_hz`` bound the filters;
    ``high_hz`` 0 means half the sample rate; ``bands`` 0 means no mel filters but every
    bin of the DFT. ``floor`` is added to the power, so that silence is ln(floor), not
    -inf. Raises ValueError for impossible sizes.
    """

    sample_rate: int
    window: int = 512
    hop: int = 128
    bands: int = 48
    low_hz: float = 20.0
    high_hz: float = 0.0
    floor: float = 1e-6

    def __post_init__(self) -> None:
        if min(self.sample_rate, self.window, self.hop) < 1 or self.bands < 0:
            raise ValueError(f"{self}: sizes must be 1 or more, bands 0 or more")
        if not self.floor > 0:
            raise ValueError(f"{self}: floor must be above 0")
        if not 0 <= self.low_hz < self.top_hz <= self.sample_rate / 2:
            raise ValueError(
                f"low_hz {self.low_hz} and high_hz {self.top_hz} must satisfy "
                f"0 <= low < high <= {self.sample_rate / 2}"
            )

    @property
    def top_hz(self) -> float:
        """Upper edge of the highest filter, in Hz."""
        return self.high_hz or self.sample_rate / 2


def frame_count(frames: int, spec: LogMel) -> int:
    """Feature frames that fit in ``frames`` audio frames, without padding."""
    if frames < spec.window:
        raise ValueError(f"{frames} frames are shorter than the window {spec.window}")
    return 1 + (frames - spec.window) // spec.hop


def dft_matrices(window: int) -> np.ndarray:
    """Hann-windowed real DFT as one matrix: (window, 2 * (window // 2 + 1)) float32.

    The first half of the columns is the cosine part, the second half the sine part. It
    is scaled by the window's sum, so that a full-scale sine has power 1/4 in its bin.
    """
    n = np.arange(window)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / window)
    angle = 2 * np.pi * np.outer(n, np.arange(window // 2 + 1)) / window
    scaled = (hann / hann.sum())[:, None]
    matrices = np.concatenate([scaled * np.cos(angle), scaled * np.sin(angle)], axis=1)
    return matrices.astype(np.float32)


def hz_to_mel(hz: np.ndarray | float) -> np.ndarray:
    """Mel scale of O'Shaughnessy (1987): 2595 log10(1 + f / 700)."""
    return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)


def mel_to_hz(mel: np.ndarray | float) -> np.ndarray:
    """Inverse of `hz_to_mel`."""
    return 700.0 * (10.0 ** (np.asarray(mel) / 2595.0) - 1.0)


def mel_filterbank(spec: LogMel) -> np.ndarray:
    """Triangular filters, (window // 2 + 1, bands) float32, each with a peak near 1.

    Slopes are at least one DFT bin wide: the low filters of a short window would
    otherwise fall between two bins and stay empty. Without bands, the identity.
    """
    if not spec.bands:
        return np.eye(spec.window // 2 + 1, dtype=np.float32)
    bin_hz = spec.sample_rate / spec.window
    mel = np.linspace(hz_to_mel(spec.low_hz), hz_to_mel(spec.top_hz), spec.bands + 2)
    edges_hz = mel_to_hz(mel)
    centre = edges_hz[1:-1]
    rise = np.maximum(centre - edges_hz[:-2], bin_hz)
    fall = np.maximum(edges_hz[2:] - centre, bin_hz)
    hz = np.arange(spec.window // 2 + 1)[:, None] * bin_hz
    slopes = np.where(hz <= centre, (hz - centre) / rise, (centre - hz) / fall)
    return np.maximum(0.0, 1.0 + slopes).astype(np.float32)


def log_mel(audio: np.ndarray, spec: LogMel) -> np.ndarray:
    """Natural-log mel power, (..., feature frames, bands) float32.

    ``audio`` is float (..., frames) at ``spec.sample_rate``.
    """
    audio = np.asarray(audio, np.float32)
    count = frame_count(audio.shape[-1], spec)
    starts = np.arange(count)[:, None] * spec.hop + np.arange(spec.window)
    spectrum = audio[..., starts] @ dft_matrices(spec.window)
    real, imaginary = np.split(spectrum, 2, axis=-1)
    power = real**2 + imaginary**2
    return np.log(power @ mel_filterbank(spec) + np.float32(spec.floor))
