"""The host with devices: the engine on the audio thread, inference and MIDI beside it.

Python only watches: it starts threads and processes and reads counters, but nothing
between a key and the loudspeaker waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from rtaudio_dl.core.lifetime import do_all
from rtaudio_dl.core.priority import lock_memory
from rtaudio_dl.engine import events
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.base import BaseHost, new_engine
from rtaudio_dl.host.devices import Devices, Wishes
from rtaudio_dl.host.inbox import RingInbox
from rtaudio_dl.host.instrument import Instrument
from rtaudio_dl.host.latency import Latency
from rtaudio_dl.host.listening import Listening
from rtaudio_dl.host.midi_out import NodesOut
from rtaudio_dl.host.pace import LivePace
from rtaudio_dl.host.recording import Recording
from rtaudio_dl.host.workers import Workers
from rtaudio_dl.io.audio.devices import find_player
from rtaudio_dl.io.audio.stream import AudioDevice
from rtaudio_dl.io.midi.out import MidiOut
from rtaudio_dl.io.midi.reader import MidiReader
from rtaudio_dl.io.shared import SharedRing
from rtaudio_dl.kinds.classifier.live import LiveListener
from rtaudio_dl.patches.patch import Patch
from rtaudio_dl.recording.recorder import Recorder

PLACEMENTS = ("asap", "fixed")
_FADE_SECONDS = 0.02  # for the sound to end before the device does


class LiveHost(BaseHost):
    """A host that plays and listens through devices; use it in a ``with`` block.

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
        self._say = say
        self._midi_out: NodesOut | None = None
        found = find_player(device, backend)
        self._ring = SharedRing.create()  # of MIDI, from the reader's process
        try:
            midi_ring = self._ring.ring, self._ring.cursors
            engine = new_engine(round(found.default_rate), polyphony, midi_ring)
            engine.master["fixed"] = placement == "fixed"
            self._workers = Workers(engine, say)
            pace = LivePace(engine, self._workers, self._prepare)
            control = engine.control_ring, engine.control_cursors
            inbox = RingInbox(*control, round(found.default_rate), lambda: self.running)
            super().__init__(engine, inbox, pace, provider, say, lambda: self.running)
            wishes = Wishes(device, microphone, midi, backend, block)
            self.devices = Devices(engine, found, wishes, self._ring, self, say)
            parts = engine, self.controls, self.devices
            self.listening = Listening(*parts, provider, lambda: self.running)
            self.recording = Recording(engine, self.sample_rate, say)
        except BaseException:
            self._ring.close()
            raise

    # --- life

    def start(self) -> None:
        """Open the device and the MIDI ports; from here on it sounds."""
        if self.running:
            return
        self._require_open()
        try:
            self._workers.start()
            self.devices.start()
            self.listening.start()
            for instrument in self.instruments.values():
                self._prepare(instrument)
            self.devices.midi_reader.start()
            self.tracks.start()
        except BaseException:
            self.stop()
            raise
        _lock([self.engine.array, self.engine.watched.array])

    def stop(self) -> None:
        """End all sound and the recording, close the devices; may be called again."""
        do_all(
            self.devices.midi_reader.stop,
            self.close_midi_out,
            self._fade_out,
            self.recording.stop,
            self.devices.stop,
            self._keep_what_is_reached,
            self.listening.stop,
            self.tracks.close,
            self._workers.stop,
        )

    def _fade_out(self) -> None:
        if self.running and self.devices.stream is not None:
            self.panic()
            self.tracks.stop()
            time.sleep(_FADE_SECONDS + 2 * self.block / self.sample_rate)

    def _keep_what_is_reached(self) -> None:
        # The stream that was left keeps this host, but a host lets go of patches.
        self.devices.keep([*self.instruments.values(), *self.tracks])

    def close(self) -> None:
        """Stop, and release devices, memory and models; again: nothing."""
        do_all(self.stop, self.listening.end, super().close, self._ring.close)

    def __enter__(self) -> LiveHost:
        self.start()
        return self

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._workers.running

    # --- patches

    def load(self, patch: str | Patch, channel: int | None = None) -> Instrument:
        """As `Host.load`; a patch with ``[ears]`` is played by what is heard, too."""
        instrument = super().load(patch, channel)
        if instrument.patch.ears is not None:
            try:
                self.listening.bind(instrument.patch, channel or 0)
            except BaseException:
                self.unload(instrument)
                raise
        return instrument

    def unload(self, instrument: Instrument) -> None:
        """As `Host.unload`; what is heard plays it no longer."""
        self.listening.unbind(instrument.patch)
        self._keep_what_is_reached()
        super().unload(instrument)

    def _prepare(self, instrument: Instrument) -> None:
        """Lock an instrument's memory; its notes begin as late as blocks ask for."""
        _lock(instrument.audio_memory())
        frames = instrument.latency_for(self.sample_rate, self.block)
        if frames is not None and frames != instrument.latency:
            self.controls.command(events.LATENCY, instrument.place, value=frames)

    # --- listening

    def listen(
        self,
        model: str | Path = "commands",
        *,
        channels: tuple[int, ...] | None = None,
        **options: Any,
    ) -> LiveListener:
        """Listen to the microphone with a classifier, or ``onset`` for strokes alone.

        ``channels`` of the input count from 1 and are mixed (None: the first two);
        ``options`` are those of `rtaudio_dl.kinds.classifier.listener.Listener`. Close
        the listener to end it. Raises ModelError, DeviceError or EngineError.
        """
        self._require_open()
        return self.listening.begin(model, channels, **options)

    def stop_listening(self) -> None:
        """End listening and close the input; again: nothing."""
        self.listening.end()

    @property
    def listener(self) -> LiveListener | None:
        """What listens now, None if nothing does."""
        return self.listening.listener

    # --- devices

    @property
    def device(self) -> AudioDevice:
        """The output."""
        return self.devices.device

    @property
    def microphone(self) -> AudioDevice | None:
        """The input that is open now, None if none is."""
        return self.devices.microphone

    @property
    def block(self) -> int:
        """Frames per callback, once it was started."""
        return self.devices.block

    @property
    def midi_reader(self) -> MidiReader:
        """What reads the MIDI that no audio driver brings."""
        return self.devices.midi_reader

    @property
    def midi_port(self) -> str:
        """The MIDI input that other programs can play into; empty if there is none."""
        return self.devices.midi_port

    def midi_sources(self) -> list[str]:
        """Names of the MIDI sources that are read now."""
        return self.devices.midi_sources()

    def poll(self) -> None:
        """Say what happened to MIDI ports since the last call."""
        self.devices.poll()

    def open_midi_out(self, port: str) -> NodesOut:
        """Send what nodes play to a MIDI output, too: words of its name, or ``new``.

        Close what is returned to end it. Raises DeviceError.
        """
        self._require_open()
        if self._midi_out is not None:
            self._midi_out.close()
        self._midi_out = NodesOut(self.engine, MidiOut(port), self._say)
        return self._midi_out

    def close_midi_out(self) -> None:
        """Send no more; again: nothing."""
        out, self._midi_out = self._midi_out, None
        if out is not None:
            out.close()

    @property
    def latency(self) -> Latency:
        """The latency as it is reported; `rtaudio-dl bench` measures it."""
        stream = self.devices.stream
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

    # --- recording

    def record(self, path: str | Path, overwrite: bool = False) -> Recorder:
        """Record what is heard to a .wav or .flac file, until `stop_recording`."""
        self._require_open()
        return self.recording.start(path, overwrite)

    def stop_recording(self) -> Path | None:
        """Finish the recording, if there is one; returns its file."""
        return self.recording.stop()


def _lock(arrays: Iterable[np.ndarray]) -> None:
    """Let no page be missing when the audio thread wants it."""
    for array in arrays:
        lock_memory(array)  # where it is not allowed, `doctor` says so
