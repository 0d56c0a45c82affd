"""Musical time, as a program sets and reads it: tempo, metre, beat.

    >>> import rtaudio_dl
    >>> with rtaudio_dl.Host() as host:
    ...     host.transport.tempo = 90
    ...     host.transport.start()
    ...     _ = host.render(2.0)
    ...     host.transport.position
    3.0

All of it goes to the engine as events, so a flight recording has it, and a MIDI clock
can do the same.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.engine import events, transport
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.controls import Controls, new_event
from rtaudio_dl.host.pace import Pace
from rtaudio_dl.values import check, check_whole

MOST_BEATS = 1e9


class Transport:
    """The transport of an engine; what is read is as of its newest frame.

    Times (``at``) are in seconds of the host, None means now. Raises EngineError for
    values out of range.
    """

    def __init__(self, engine: Engine, controls: Controls, pace: Pace):
        self._engine, self._controls, self._pace = engine, controls, pace

    # --- to set

    def start(self, *, at: float | None = None) -> None:
        """Play from the beginning."""
        self._send(events.RUN, transport.START, at=at)

    def stop(self, *, at: float | None = None) -> None:
        """Stop where it is."""
        self._send(events.RUN, transport.STOP, at=at)

    def continue_(self, *, at: float | None = None) -> None:
        """Play from where it is."""
        self._send(events.RUN, transport.CONTINUE, at=at)

    def tap(self, *, at: float | None = None) -> None:
        """One tap of a foot: two of them make a tempo, more make it steady."""
        self._send(events.TAP_TEMPO, at=at)

    def set_tempo(self, tempo: float, *, at: float | None = None) -> None:
        """Go on at ``tempo`` quarter notes a minute."""
        check("tempo", tempo, *transport.TEMPI)
        self._send(events.TEMPO, value=tempo, at=at)

    def set_metre(
        self, numerator: int, denominator: int, *, at: float | None = None
    ) -> None:
        """Change the metre, each number from 1 to 64, the second a power of two."""
        check_whole("numerator", numerator, 1, transport.MOST_OF_METRE)
        check_whole("denominator", denominator, 1, transport.MOST_OF_METRE)
        if denominator & (denominator - 1):
            raise EngineError(f"denominator is {denominator}; allowed: powers of two")
        self._send(events.METRE, numerator, denominator, at=at)

    def set_position(self, beat: float, *, at: float | None = None) -> None:
        """Go on from ``beat`` quarter notes since the start."""
        check("position", beat, 0, MOST_BEATS)
        self._send(events.POSITION, value=beat, at=at)

    # --- to read

    @property
    def tempo(self) -> float:
        """Quarter notes a minute."""
        return float(self._state()["tempo"])

    @tempo.setter
    def tempo(self, tempo: float) -> None:
        self.set_tempo(tempo)

    @property
    def metre(self) -> tuple[int, int]:
        """Beats of a bar, and the note that is a beat: 4, 4 at first."""
        state = self._state()
        return int(state["numerator"]), int(state["denominator"])

    @metre.setter
    def metre(self, metre: tuple[int, int]) -> None:
        self.set_metre(*metre)

    @property
    def position(self) -> float:
        """Quarter notes since the start."""
        state, master = self._state(), self._engine.master[0]
        if not state["playing"]:
            return float(state["beat"])
        seconds = (int(master["frame"]) - int(state["frame"])) / master["sample_rate"]
        return float(state["beat"] + seconds * state["tempo"] / 60.0)

    @position.setter
    def position(self, beat: float) -> None:
        self.set_position(beat)

    @property
    def playing(self) -> bool:
        """Whether it was started and not stopped."""
        return bool(self._state()["playing"])

    # --- for the host

    def repeat(self) -> None:
        """Say again what is set: for a flight recording that begins now."""
        numerator, denominator = self.metre
        beat, playing = self.position, self.playing
        self._controls.command(events.TEMPO, 0, value=self.tempo)
        self._controls.command(events.METRE, numerator, value=denominator)
        if beat > 0 or playing:
            self._controls.command(events.POSITION, 0, value=beat)
        if playing:
            self._controls.command(events.RUN, transport.CONTINUE)

    def _state(self) -> np.void:
        self._pace.until_applied()
        return transport.read_transport(self._engine.transport)

    def _send(
        self, kind: int, key: int = 0, value: float = 0.0, *, at: float | None
    ) -> None:
        self._controls.schedule(new_event(kind, key, value), at)
