"""The host with devices: the engine on the audio thread, inference and MIDI beside it.

Python only watches: it starts threads and processes and reads counters, but nothing
between a key and the loudspeaker waits for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from rtaudio_dl.core.control import readable
from rtaudio_dl.core.counters import CALLBACKS
from rtaudio_dl.core.lifetime import do_all
from rtaudio_dl.core.priority import lock_memory
from rtaudio_dl.engine import events, layout
from rtaudio_dl.engine.entries import audio_callback, lacking, midi_callback
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.hearing import HearingHost
from rtaudio_dl.host.latency import Latency
from rtaudio_dl.host.workers import Workers
from rtaudio_dl.io.audio.devices import find_player
from rtaudio_dl.io.audio.stream import AudioStream
from rtaudio_dl.io.audio.supervisor import AudioSupervisor
from rtaudio_dl.io.midi.ports import JACK
from rtaudio_dl.io.midi.reader import MidiReader
from rtaudio_dl.io.shared import SharedRing
from rtaudio_dl.recording.recorder import Recorder

PLACEMENTS = ("asap", "fixed")
_POLL_SECONDS = 0.005
_PATIENCE_SECONDS = 20.0  # for the engine to do what it was told
_FADE_SECONDS = 0.02  # for the sound to end before the device does


class LiveHost(HearingHost):
    """A host that plays and hears through devices; use it in a ``with`` block.

    ``device``, ``microphone`` and ``midi`` are words of a name (None: the default
    output, the default input once something listens, all MIDI inputs; an empty
    ``microphone`` leaves JACK's connections to the user). ``backend`` is ``auto``,
    ``jack`` or ``portaudio``, ``block`` in frames, ``placement`` ``asap`` or ``fixed``;
    ``say`` gets one line at a time of what a person should know. Raises DeviceError.
    """

    def __init__(
        self,
        device: str | None = None,
        *,
        microphone: str | None = None,
        midi: str | None = None,
        backend: str = "auto",
        block: int | None = None,
        placement: str = "asap",
        polyphony: int = 32,
        provider: str = "auto",
        say: Callable[[str], None] = lambda line: None,
    ):
        if placement not in PLACEMENTS:
            allowed = ", ".join(PLACEMENTS)
            raise EngineError(f"placement is {placement!r}; allowed: {allowed}")
        self._device_name, self._asked_block, self._say = device, block, say
        self._backend, self._midi_name = backend, midi
        self._microphone_name = microphone
        self.device = find_player(device, backend)
        self._shared = SharedRing.create()
        try:
            super().__init__(
                round(self.device.default_rate), polyphony=polyphony, provider=provider
            )
            self._prepare(placement)
        except BaseException:
            self._shared.close()
            raise

    def _prepare(self, placement: str) -> None:
        self._workers = Workers(self.engine, self._say)
        self.engine.master["fixed"] = placement == "fixed"
        self._lock = threading.Lock()  # one Python thread at a time writes the ring
        self._audio = AudioSupervisor(self._open, self._callbacks, self._say)
        # JACK brings MIDI with the block, to the frame; the reader has all the rest.
        in_cycle = self.device.host_api == JACK
        self.midi_reader = MidiReader(self._shared, self._midi_name, jack=not in_cycle)
        self._recorder: Recorder | None = None
        self._last: AudioStream | None = None  # that was opened
        self._reached: list[object] = []  # that a driver which hangs may still reach

    def _new_engine(self, polyphony: int) -> layout.Engine:
        ring = self._shared
        return layout.Engine(self.sample_rate, polyphony, (ring.ring, ring.cursors))

    # --- life

    def start(self) -> None:
        """Open the device and the MIDI ports; from here on it sounds."""
        if self.running:
            return
        self._require_open()
        try:
            self._workers.start()
            stream = self._audio.start()
            self._set_delay(stream)
            self._start_ears()
            for place in self.instruments:
                self._set_latency(place)
            self.midi_reader.start()
            self.tracks.start()
        except BaseException:
            self.stop()
            raise
        _lock([self.engine.array])
        for instrument in self.instruments.values():
            _lock(instrument.heard())

    def stop(self) -> None:
        """End all sound and the recording, close the devices; may be called again."""
        do_all(
            self.midi_reader.stop,
            self._fade_out,
            self.stop_recording,
            self._audio.stop,
            self._keep_what_is_reached,
            self._stop_ears,
            self.tracks.close,
            self._workers.stop,
        )

    def _fade_out(self) -> None:
        if self.running and self._audio.stream is not None:
            self.panic()
            self.tracks.stop()
            time.sleep(_FADE_SECONDS + 2 * self.block / self.sample_rate)

    def _keep_what_is_reached(self) -> None:
        # The stream that was left keeps this host, but a host lets go of patches.
        if self._audio.abandoned:
            self._reached += [*self.instruments.values(), *self.tracks]

    def close(self) -> None:
        """Stop, and release devices, memory and models; again: nothing."""
        do_all(self.stop, super().close, self._shared.close)

    def __enter__(self) -> LiveHost:
        self.start()
        return self

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._workers.running

    # --- devices

    def _open(self) -> AudioStream:
        # No audio thread runs now. Notes that were struck while there was none are not
        # owed, but what ends others is.
        self._shared.drop_notes()
        held = self._last.held if self._last is not None else 0
        self._last = AudioStream(
            audio_callback.address,
            self.engine.address,
            find_player(self._device_name, self._backend),
            self.sample_rate,
            self._asked_block,
            self._callbacks,
            midi_callback.address,
            self._midi_name,
            self._microphone(),
            held,
            reached=self,
        )
        return self._last

    def _callbacks(self) -> int:
        return int(self.engine.counters[CALLBACKS])

    def _set_delay(self, stream: AudioStream) -> None:
        # One block until the next callback, and a quarter for the jitter of its start.
        self.block = stream.block
        self.engine.master["delay"] = self.block + max(32, self.block // 4)

    def _set_latency(self, place: int) -> None:
        """Let a stream's notes begin as late as the device's blocks ask for."""
        instrument = self.instruments[place]
        frames = instrument.latency_for(self.sample_rate, self.block)
        if frames is not None and frames != instrument.latency:
            self._command(events.LATENCY, place, value=frames)

    @property
    def latency(self) -> Latency:
        """The latency as it is reported; `rtaudio-dl bench` measures it."""
        stream = self._audio.stream
        parts = stream.latency_parts if stream else None
        in_cycle = bool(stream and stream.midi_port)
        fixed = bool(self.engine.master["fixed"][0]) and not in_cycle
        delay = int(self.engine.master["delay"][0])
        fresh = any(i.patch.freshness == "fresh" for i in self.instruments.values())
        return Latency(
            device=parts.device if parts else 0,
            block=0 if in_cycle else self.block,
            placement=delay - self.block if fixed else 0,
            inference=self._inference_frames() if fresh else 0,
            stream=max((i.latency for i in self.instruments.values()), default=0),
            sample_rate=self.sample_rate,
        )

    def _inference_frames(self) -> int:
        """The mean time of a run, and the wait for the block after it."""
        counts = self.counts()
        mean_ns = counts["worker_busy_ns"] / max(1, counts["worker_runs"])
        return round(mean_ns * 1e-9 * self.sample_rate) + self.block

    @property
    def levels(self) -> tuple[float, float]:
        """Peak meters of left and right, linear; they fall by themselves."""
        left, right = self.engine.master["peak"][0]
        return float(left), float(right)

    @property
    def midi_port(self) -> str:
        """The MIDI input that other programs can play into; empty if there is none."""
        stream = self._audio.stream
        return (stream.midi_port if stream else "") or self.midi_reader.virtual_port

    def midi_sources(self) -> list[str]:
        """Names of the MIDI sources that are heard now."""
        stream = self._audio.stream
        return (stream.midi_sources() if stream else []) + self.midi_reader.ports()

    def poll(self) -> None:
        """Say what happened to MIDI ports since the last call."""
        for status in self.midi_reader.messages():
            self._say(status.line())

    # --- recording

    def record(self, path: str | Path, overwrite: bool = False) -> Recorder:
        """Record what is heard to a .wav or .flac file, until `stop_recording`."""
        self._require_open()
        self.stop_recording()
        recorder = Recorder(self.engine, path, self.sample_rate, self._say, overwrite)
        recorder.start()
        self._recorder = recorder
        return recorder

    def stop_recording(self) -> Path | None:
        """Finish the recording, if there is one; returns its file."""
        recorder, self._recorder = self._recorder, None
        return recorder.stop() if recorder else None

    # --- how a live host differs

    def render(self, seconds: float, progress: Any = None) -> np.ndarray:
        """A live host that runs is heard, not rendered: raises EngineError then."""
        if self.running:
            raise EngineError("a live host cannot render; use rtaudio_dl.Host")
        return super().render(seconds, progress)

    def _fill(self, place: int) -> None:
        if not self.running:
            super()._fill(place)
            return
        self._workers.start()  # that of its kind, if it is the first one
        _lock(self.instruments[place].heard())
        self._wait(lambda: self._life(place) != layout.EMPTY)
        self._set_latency(place)
        self._wait(lambda: lacking(self.engine, place) == 0)

    def _wait_until_gone(self, place: int) -> None:
        self._keep_what_is_reached()
        if not self.running:
            super()._wait_until_gone(place)
            return
        self._wait(lambda: self._life(place) == layout.GONE)

    def _wait(self, done: Callable[[], bool]) -> None:
        """Wait for the audio thread; every sound made meanwhile buys more time."""
        runs, until = -1, 0.0
        while not done():
            made = self._workers.runs()
            if made != runs:
                runs, until = made, time.monotonic() + _PATIENCE_SECONDS
            if time.monotonic() > until:
                raise EngineError(
                    "the engine did not answer; is the audio device running?"
                )
            time.sleep(_POLL_SECONDS)

    def _send(self, event: np.ndarray, at: float | None) -> None:
        if at is None:
            event["clock"], event["time"] = events.NANOSECONDS, time.perf_counter_ns()
        else:
            event["time"] = round(at * self.sample_rate)
        self._push(event)

    def _push(self, event: np.ndarray) -> None:
        ring, cursors = self.engine.control_ring, self.engine.control_cursors
        with self._lock:
            until = time.monotonic() + _PATIENCE_SECONDS
            while readable(cursors) >= len(ring):
                if not self.running or time.monotonic() > until:
                    break  # it is refused, with an error
                time.sleep(_POLL_SECONDS)
            super()._push(event)


def _lock(arrays: Iterable[np.ndarray]) -> None:
    """Let no page be missing when the audio thread wants it."""
    for array in arrays:
        lock_memory(array)  # where it is not allowed, `doctor` says so
