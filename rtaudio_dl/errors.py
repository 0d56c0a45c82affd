"""The errors that the control world raises; the real-time world only counts.

Every message says the value, what was allowed, and the next step.
"""


class RtaudioError(Exception):
    """Base of all errors of this package."""


class ModelError(RtaudioError, ValueError):
    """A model file or its card cannot be used."""


class PatchError(RtaudioError, ValueError):
    """A patch or another configuration cannot be used."""


class DeviceError(RtaudioError):
    """An audio device or a MIDI port is missing, busy or lost."""


class EngineError(RtaudioError):
    """The engine was asked for something that its state does not allow."""


class AudioFileError(RtaudioError, ValueError):
    """A sound file or a MIDI file cannot be read or written."""
