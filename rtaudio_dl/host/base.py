"""What every host is: an engine and the small objects that each do one thing with it.

`rtaudio_dl.Host` renders, `rtaudio_dl.LiveHost` has devices; both are made of these:

``controls``   checks what is played and sends it
``patches``    loads instruments
``playback``   plays sound files
``transport``  tempo, metre and beat
``flights``    records events, to be rendered again
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rtaudio_dl.core.lifetime import do_all
from rtaudio_dl.core.objects import prepare
from rtaudio_dl.core.system import performance_clock
from rtaudio_dl.engine import layout
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.controls import Controls, find_parameter
from rtaudio_dl.host.counts import engine_counts
from rtaudio_dl.host.graph import install_master
from rtaudio_dl.host.inbox import Inbox
from rtaudio_dl.host.instrument import Instrument
from rtaudio_dl.host.pace import Pace
from rtaudio_dl.host.patches import Patches
from rtaudio_dl.host.recording import Flights
from rtaudio_dl.host.sources import Source, Sources
from rtaudio_dl.host.transport import Transport
from rtaudio_dl.host.watch import Watch
from rtaudio_dl.kinds import ENGINE
from rtaudio_dl.patches.patch import Patch
from rtaudio_dl.playback.track import Track
from rtaudio_dl.playback.tracks import Playback, Tracks
from rtaudio_dl.values import check_whole

SAMPLE_RATES = (8_000, 192_000)  # Hz
MAX_POLYPHONY = 64


def new_engine(
    sample_rate: int,
    polyphony: int,
    midi: tuple[np.ndarray, np.ndarray] | None = None,
) -> layout.Engine:
    """An engine with its master section and a clock. Raises EngineError."""
    check_whole("sample_rate", sample_rate, *SAMPLE_RATES)
    check_whole("polyphony", polyphony, 1, MAX_POLYPHONY)
    prepare(ENGINE)
    engine = layout.Engine(sample_rate, polyphony, midi)
    install_master(engine)
    clock, record = performance_clock(), engine.master["clock"]
    record["address"], record["id"] = clock.address, clock.id
    record["tick"], record["thread_id"] = clock.tick, clock.thread_id
    return engine


class BaseHost:
    """An engine, its instruments, and what a musician or a program does with them.

    Times (``at``) are in seconds since the host was made; None means now. Keys and
    channels count from 0 as MIDI's do, velocities are 0..1. Every method checks its
    values and raises EngineError or PatchError.
    """

    def __init__(
        self,
        engine: layout.Engine,
        inbox: Inbox,
        pace: Pace,
        provider: str,
        say: Callable[[str], None],
        runs: Callable[[], bool] = lambda: False,
    ):
        self.engine, self.provider = engine, provider
        self.sample_rate = int(engine.master["sample_rate"][0])
        self.controls = Controls(inbox)
        self.flights = Flights(engine, say)
        note = self.flights.note
        self.patches = Patches(engine, self.controls, pace, provider, note, runs)
        self.playback = Playback(engine, self.sample_rate, say)
        self.transport = Transport(engine, self.controls, pace)
        self.sources = Sources(engine, pace, runs)
        self._pace = pace
        self._closed = False

    # --- patches

    def load(self, patch: str | Patch, channel: int | None = None) -> Instrument:
        """Load a patch (a name, a TOML file or a `Patch`) and wait until it can play.

        It goes to one channel, or to all of them; its MIDI program is the one that it
        names, else the number of patches before it. Voices that sound keep sounding.
        """
        self._require_open()
        return self.patches.load(patch, channel)

    def assign(self, instrument: Instrument, channel: int | None = None) -> None:
        """Let a channel, or all of them, play a loaded patch from now on."""
        self.patches.assign(instrument, channel)

    def unload(self, instrument: Instrument) -> None:
        """Take a patch away once its last voice has ended, and free its memory."""
        self.patches.unload(instrument)

    @property
    def instruments(self) -> dict[int, Instrument]:
        """What is loaded, by place in the engine."""
        return self.patches.loaded

    def set(
        self, name: str, value: float, instrument: Instrument, at: float | None = None
    ) -> None:
        """Set a parameter of a loaded patch; `Instrument.parameters` lists them."""
        self.patches.require(instrument)
        self.controls.set(name, value, instrument, at)

    def get(self, name: str, instrument: Instrument) -> float:
        """The value of a parameter, in its own unit, as of the newest block."""
        self.patches.require(instrument)
        number, _ = find_parameter(name, instrument)
        self._pace.until_applied()
        return float(self.engine.parameters[instrument.place, number])

    # --- playing, see `rtaudio_dl.host.controls.Controls`

    def note_on(
        self,
        key: int,
        velocity: float = 0.8,
        *,
        channel: int = 0,
        at: float | None = None,
    ) -> None:
        """Strike a key; ``velocity`` 0..1, 0 lifts it."""
        self.controls.note_on(key, velocity, channel=channel, at=at)

    def note_off(self, key: int, *, channel: int = 0, at: float | None = None) -> None:
        """Lift a key."""
        self.controls.note_off(key, channel=channel, at=at)

    def control(
        self, number: int, value: float, *, channel: int = 0, at: float | None = None
    ) -> None:
        """Turn a MIDI control (CC ``number`` 0..127) to ``value`` 0..1."""
        self.controls.control(number, value, channel=channel, at=at)

    def pitch_bend(
        self, value: float, *, channel: int = 0, at: float | None = None
    ) -> None:
        """Move the pitch wheel, -1..1 of the patch's bend range."""
        self.controls.pitch_bend(value, channel=channel, at=at)

    def program(
        self, number: int, *, channel: int = 0, at: float | None = None
    ) -> None:
        """Change a channel's patch by MIDI program number 0..127."""
        self.controls.program(number, channel=channel, at=at)

    def midi(self, message: bytes, *, at: float | None = None) -> bool:
        """Play one MIDI message; False if it means nothing here."""
        return self.controls.midi(message, at=at)

    def panic(self) -> None:
        """End every sound at once: all notes and pedals off, on all channels.

        Notes whose time is still to come will sound.
        """
        self.controls.panic()

    def open_source(self) -> Source:
        """A ring of events of its own, for one more thread that plays; close it."""
        self._require_open()
        return self.sources.open()

    # --- sound files

    def play_file(
        self,
        path: str | os.PathLike[str],
        *,
        at: float | None = None,
        seek: float = 0.0,
        loop: bool = False,
        pitch: float = 0.0,
        gain: float = 1.0,
    ) -> Track:
        """Play a sound file of any format and length beside the instruments.

        It begins at ``at`` seconds of the host (None: now, to the frame with notes of
        that time), from ``seek`` seconds of the file on; ``pitch`` is in semitones,
        ``gain`` linear. The `Track` can be paused, moved, bent and stopped. Raises
        AudioFileError or EngineError.
        """
        self._require_open()
        options: dict[str, Any] = {"loop": loop, "pitch": pitch, "gain": gain}
        return self.playback.play(path, at, seek=seek, **options)

    @property
    def tracks(self) -> Tracks:
        """The sound files that play."""
        return self.playback.tracks

    # --- flight recorder

    def record_flight(self, path: str | Path) -> None:
        """Keep everything that happens from now on, to be rendered again exactly.

        It has to be called before the first patch is loaded.
        """
        self._require_open()
        if self.instruments or self.flights.running or len(self.tracks):
            raise EngineError(
                "a flight recording begins before the first patch or sound file"
            )
        self.flights.start(Path(path))
        self.transport.repeat()

    def stop_flight(self) -> Path | None:
        """Finish the flight recording, if there is one; returns its file."""
        return self.flights.stop()

    # --- state

    @property
    def frame(self) -> int:
        """Frames since the host was made."""
        return int(self.engine.master["frame"][0])

    @property
    def seconds(self) -> float:
        """Seconds since the host was made."""
        return self.frame / self.sample_rate

    def counts(self) -> dict[str, int]:
        """All that the engine counts, see `rtaudio_dl.host.counts.engine_counts`."""
        return engine_counts(self.engine)

    def watch(self) -> Watch:
        """A reader of its own of what is played, heard and detected from now on.

        Readers take nothing from each other; `rtaudio_dl.host.watch` says how another
        process gets one.
        """
        self._require_open()
        return Watch(self.engine.watched.reader())

    def close(self) -> None:
        """Finish a flight recording and release all models; again: nothing."""
        self._closed = True
        watched = self.engine.watched.close
        do_all(self.flights.stop, self.tracks.close, self.patches.close, watched)

    def _require_open(self) -> None:
        # The memory of the models is gone, and the engine still points to it.
        if self._closed:
            raise EngineError("the host is closed; make a new one")

    def __exit__(self, *_error: object) -> None:
        self.close()
