"""Feature extraction: one NumPy reference that every graph takes its constants from."""

from rtaudio_dl.features.energy import Pcen, pcen, smoother
from rtaudio_dl.features.logmel import (
    LogMel,
    dft_matrices,
    frame_count,
    log_mel,
    mel_filterbank,
)

__all__ = [
    "LogMel",
    "Pcen",
    "dft_matrices",
    "frame_count",
    "log_mel",
    "mel_filterbank",
    "pcen",
    "smoother",
]
