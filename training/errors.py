"""What can go wrong in training, said with the value and the next step."""

from rtaudio_dl.errors import RtaudioError


class ConfigError(RtaudioError, ValueError):
    """A training configuration cannot be used."""


class DataError(RtaudioError, ValueError):
    """A folder of sounds cannot be trained on."""
