"""Feature extraction: one NumPy reference that every graph takes its constants from."""

from rtaudio_dl.features.energy import Pcen, pcen, smoother
from rtaudio_dl.features.logmel import (
    LogMel,
    dft_matrices,
    frame_count,
    log_mel,
    mel_filterbank,
)
from rtaudio_dl.features.pitch import Pitch, find_pitch

__all__ = [
    "LogMel",
    "Pcen",
    "Pitch",
    "dft_matrices",
    "find_pitch",
    "frame_count",
    "log_mel",
    "mel_filterbank",
    "pcen",
    "smoother",
]
