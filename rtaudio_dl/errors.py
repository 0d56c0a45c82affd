"""The errors that the control world raises; the real-time world only counts.

Every message says the value, what was allowed, and the next step.
"""

from __future__ import annotations

from typing import Any

_SHOWN = 80  # characters of a value


def shown(value: Any) -> str:
    """A value as a message shows it: short, whatever it is."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of 5000 digits, a deep list
        text = f"<{type(value).__name__} too large to be shown>"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


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
