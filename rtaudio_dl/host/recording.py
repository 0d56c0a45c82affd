"""What a host keeps of what is played: the sound itself, or all that it came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.instrument import Instrument
from rtaudio_dl.recording.flight import FlightRecorder
from rtaudio_dl.recording.recorder import Recorder


class Flights:
    """The flight recorder of a host, one recording at a time."""

    def __init__(self, engine: Engine, say: Callable[[str], None]):
        self._engine, self._say = engine, say
        self._recorder: FlightRecorder | None = None

    @property
    def running(self) -> bool:
        """Whether there is a recording."""
        return self._recorder is not None

    def start(self, path: Path) -> None:
        """Keep everything that happens from now on."""
        if self._recorder is not None:
            raise EngineError("a flight recording runs already; stop it first")
        self._recorder = FlightRecorder(self._engine, path, self._say)

    def note(self, instrument: Instrument) -> None:
        """Keep a patch, before its first event."""
        if self._recorder is not None:
            patch, digest = instrument.patch, instrument.model.digest
            self._recorder.add_patch(patch, instrument.place, digest)

    def stop(self) -> Path | None:
        """Finish the recording, if there is one; returns its file."""
        recorder, self._recorder = self._recorder, None
        return recorder.stop() if recorder else None


class Recording:
    """Records the sound of a host to a file, one at a time."""

    def __init__(self, engine: Engine, sample_rate: int, say: Callable[[str], None]):
        self._engine, self._rate, self._say = engine, sample_rate, say
        self._recorder: Recorder | None = None

    def start(self, path: str | Path, overwrite: bool) -> Recorder:
        """Record to a .wav or .flac file, until `stop`."""
        self.stop()
        recorder = Recorder(self._engine, path, self._rate, self._say, overwrite)
        recorder.start()
        self._recorder = recorder
        return recorder

    def stop(self) -> Path | None:
        """Finish the recording, if there is one; returns its file."""
        recorder, self._recorder = self._recorder, None
        return recorder.stop() if recorder else None
