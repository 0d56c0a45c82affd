"""Playing: what a musician's hands do, as methods that check and send events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from rtaudio_dl.errors import EngineError, PatchError
from rtaudio_dl.instrument import Instrument
from rtaudio_dl.patch import PARAMETERS
from rtaudio_dl.rt import events, layout


class Player(ABC):
    """Something that takes events: times (``at``) are in seconds, None means now.

    Keys and channels count from 0 as MIDI's do. Raises EngineError or PatchError for
    values out of range.
    """

    @abstractmethod
    def _send(self, event: np.ndarray, at: float | None) -> None:
        """Let an event happen at its time."""

    @abstractmethod
    def _push(self, event: np.ndarray) -> None:
        """Hand an event to the engine as it is."""

    def note_on(
        self, key: int, velocity: float = 0.8, *, channel: int = 0, at: Any = None
    ) -> None:
        """Strike a key; ``velocity`` 0..1, 0 lifts it."""
        check("velocity", velocity, 0, 1)
        kind = events.NOTE_ON if velocity > 0 else events.NOTE_OFF
        self._play(kind, key, velocity, channel, at)

    def note_off(self, key: int, *, channel: int = 0, at: Any = None) -> None:
        """Lift a key."""
        self._play(events.NOTE_OFF, key, 0.0, channel, at)

    def control(
        self, number: int, value: float, *, channel: int = 0, at: Any = None
    ) -> None:
        """Turn a MIDI control (CC ``number`` 0..127) to ``value`` 0..1."""
        check("value", value, 0, 1)
        self._play(events.CONTROL, number, value, channel, at)

    def pitch_bend(self, value: float, *, channel: int = 0, at: Any = None) -> None:
        """Move the pitch wheel, -1..1 of the patch's bend range."""
        check("value", value, -1, 1)
        self._play(events.PITCH_BEND, 0, value, channel, at)

    def program(self, number: int, *, channel: int = 0, at: Any = None) -> None:
        """Change a channel's patch by MIDI program number 0..127."""
        self._play(events.PROGRAM, number, 0.0, channel, at)

    def midi(self, message: bytes, *, at: Any = None) -> bool:
        """Play one MIDI channel message; False if it means nothing here."""
        event = events.new_event()
        known = events.from_midi(event, message)
        if known:
            self._send(event, at)
        return known

    def set(
        self, name: str, value: float, instrument: Instrument, at: Any = None
    ) -> None:
        """Set a parameter of a patch by name; see `rtaudio_dl.patch.PARAMETERS`."""
        if name not in PARAMETERS:
            raise PatchError(
                f"no parameter {name!r}; there are: {', '.join(PARAMETERS)}"
            )
        parameter = PARAMETERS[name]
        check(name, value, parameter.low, parameter.high)
        number = list(PARAMETERS).index(name)
        self._send(_event(events.PARAMETER, number, value, instrument.place), at)

    def panic(self) -> None:
        """End every sound at once: all notes and pedals off, on all channels."""
        for channel in range(layout.CHANNELS):
            for number in (121, 123, 120):
                self._command(events.CONTROL, number, channel=channel)

    def _play(self, kind: int, key: int, value: float, channel: int, at: Any) -> None:
        check("key", key, 0, layout.KEYS - 1)
        check("channel", channel, 0, layout.CHANNELS - 1)
        self._send(_event(kind, key, value, channel), at)

    def _command(self, kind: int, key: int, channel: int = 0) -> None:
        """An event of the host's own: with the next block, whatever waits."""
        event = _event(kind, key, 0.0, channel)
        event["time"] = events.AT_ONCE
        self._push(event)


def _event(kind: int, key: int, value: float, channel: int) -> np.ndarray:
    event = events.new_event()
    event["kind"], event["key"] = kind, key
    event["value"], event["channel"] = value, channel
    return event


def check(name: str, value: Any, low: float, high: float) -> None:
    """Raise EngineError for a value that is no number from ``low`` to ``high``."""
    if not isinstance(value, (int, float, np.number)) or not low <= value <= high:
        raise EngineError(f"{name} is {value!r}; allowed: {low:g} to {high:g}")
