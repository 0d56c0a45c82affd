"""The error of the latency lab."""

from rtaudio_dl.errors import RtaudioError


class BenchError(RtaudioError):
    """A benchmark cannot be run, or a report or a budget cannot be used."""
