"""Playing: what a musician's hands do, as methods that check and send events."""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core import midi
from rtaudio_dl.engine import events, layout
from rtaudio_dl.engine.parameters import Parameter
from rtaudio_dl.errors import PatchError
from rtaudio_dl.host.inbox import Inbox
from rtaudio_dl.kinds.installed import Installed
from rtaudio_dl.values import LATEST_SECONDS, check, check_whole

_SILENCE = (midi.RESET_CONTROLLERS, midi.ALL_NOTES_OFF, midi.ALL_SOUND_OFF)


class Controls:
    """Checks values, makes events of them and puts these into an inbox.

    Times (``at``) are in seconds, None means now. Keys and channels count from 0 as
    MIDI's do. Raises EngineError or PatchError for values out of range.
    """

    def __init__(self, inbox: Inbox):
        self._inbox = inbox

    def note_on(
        self,
        key: int,
        velocity: float = 0.8,
        *,
        channel: int = 0,
        at: float | None = None,
    ) -> None:
        """Strike a key; ``velocity`` 0..1, 0 lifts it."""
        check("velocity", velocity, 0, 1)
        kind = events.NOTE_ON if velocity > 0 else events.NOTE_OFF
        self._play(kind, key, velocity, channel, at)

    def note_off(self, key: int, *, channel: int = 0, at: float | None = None) -> None:
        """Lift a key."""
        self._play(events.NOTE_OFF, key, 0.0, channel, at)

    def control(
        self, number: int, value: float, *, channel: int = 0, at: float | None = None
    ) -> None:
        """Turn a MIDI control (CC ``number`` 0..127) to ``value`` 0..1."""
        check("value", value, 0, 1)
        check_whole("number", number, 0, layout.KEYS - 1)
        self._play(events.CONTROL, number, value, channel, at)

    def pitch_bend(
        self, value: float, *, channel: int = 0, at: float | None = None
    ) -> None:
        """Move the pitch wheel, -1..1 of the patch's bend range."""
        check("value", value, -1, 1)
        self._play(events.PITCH_BEND, 0, value, channel, at)

    def program(
        self, number: int, *, channel: int = 0, at: float | None = None
    ) -> None:
        """Change a channel's patch by MIDI program number 0..127."""
        check_whole("number", number, 0, layout.PROGRAMS - 1)
        self._play(events.PROGRAM, number, 0.0, channel, at)

    def midi(self, message: bytes, *, at: float | None = None) -> bool:
        """Play one MIDI channel message; False if it means nothing here."""
        event = events.new_event()
        known = events.from_midi(event, message)
        if known:
            self.schedule(event, at)
        return known

    def set(
        self, name: str, value: float, instrument: Installed, at: float | None = None
    ) -> None:
        """Set a parameter of an instrument by name, in its own unit."""
        number, parameter = find_parameter(name, instrument)
        check(name, value, parameter.low, parameter.high)
        event = new_event(events.PARAMETER, number, value, instrument.place)
        self.schedule(event, at)

    def panic(self) -> None:
        """End every sound at once: all notes and pedals off, on all channels.

        Notes whose time is still to come will sound.
        """
        for channel in range(layout.CHANNELS):
            for number in _SILENCE:
                self.command(events.CONTROL, number, channel=channel)

    def _play(
        self, kind: int, key: int, value: float, channel: int, at: float | None
    ) -> None:
        check_whole("key", key, 0, layout.KEYS - 1)
        check_whole("channel", channel, 0, layout.CHANNELS - 1)
        self.schedule(new_event(kind, key, value, channel), at)

    def schedule(self, event: np.ndarray, at: float | None) -> None:
        """Let an event happen at a time of the host, None: now."""
        if at is not None:
            check("at", at, 0, LATEST_SECONDS)
        self._inbox.send(event, at)

    def command(
        self, kind: int, key: int, channel: int = 0, value: float = 0.0
    ) -> None:
        """An event of the host's own: with the next block, whatever waits."""
        event = new_event(kind, key, value, channel)
        event["time"] = events.AT_ONCE
        self._inbox.push(event)


def find_parameter(name: str, instrument: Installed) -> tuple[int, Parameter]:
    """The number of an instrument's parameter, and what it may be."""
    parameters = instrument.parameters
    if name not in parameters:
        raise PatchError(f"no parameter {name!r}; there are: {', '.join(parameters)}")
    return list(parameters).index(name), parameters[name]


def new_event(
    kind: int, key: int = 0, value: float = 0.0, channel: int = 0
) -> np.ndarray:
    """One event, shape (1,), without a time."""
    event = events.new_event()
    event["kind"], event["key"] = kind, key
    event["value"], event["channel"] = value, channel
    return event
