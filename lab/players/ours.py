"""Our own host, with the lab's sound on it."""

from __future__ import annotations

import gc
import tempfile
from dataclasses import asdict
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from lab.players.churn import Churn
from lab.players.loads import Burdened
from lab.sound import KEY, dry_patch, dry_stream
from lab.vitals import (
    audio_thread,
    policy,
    resident_mib,
    thread_counters,
)
from lab.witness import Witness
from rtaudio_dl.host.live import LiveHost

_READY_SECONDS = 60.0


# Both end on the JACK server here: one as its client, one through PortAudio's client,
# as it would on a sound card, with MIDI from the reader's process.
BACKENDS = ("jack", "portaudio")
_DEVICE = "system"  # the server's hardware, not a client that happens to listen


class Ours(Burdened):
    """A `LiveHost` that `open` makes anew."""

    def __init__(self) -> None:
        self.host: LiveHost | None = None

    def open(
        self,
        freshness: str = "pooled",
        backend: str = "jack",
        device: str = _DEVICE,
        stream: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """Play the lab's sound, or its stream; returns the port to play into.

        ``options`` are those of `LiveHost`. A process can have one backend only.
        """
        self.close()
        self.host = LiveHost(device, backend=backend, **options)
        self.host.start()
        self.host.load(dry_stream() if stream else dry_patch(freshness))
        if not self.host.midi_reader.wait_until_ready(_READY_SECONDS):
            raise RuntimeError("the MIDI ports did not open")
        return {"midi": self.host.midi_port.rpartition(" ")[2]}

    def strike(self) -> int:
        """Strike the lab's key now; the time just before, ns."""
        now = perf_counter_ns()
        self.host.note_on(KEY, 1.0)
        return now

    def counts(self) -> dict[str, int]:
        """The engine's counters."""
        return self.host.counts()

    def reported(self) -> dict[str, Any]:
        """The latency as the host reports it now, in frames by parts."""
        return asdict(self.host.latency)

    def begin_watch(self, counted: list[str]) -> None:
        """Watch what the machine does, and when these counters count."""
        period = self.host.block / self.host.sample_rate
        witness = Witness(self.host.engine, period, counted)
        witness.start()
        self._witness = witness

    def end_watch(self) -> dict[str, Any]:
        """What the machine did meanwhile, and whose the gaps are."""
        return self._witness.stop()

    # --- soak

    def begin_soak(self, seed: int, hurry: float = 1.0) -> None:
        """Record, and let patches come and go."""
        period = self.host.block / self.host.sample_rate
        self._thread = audio_thread(1 / period)
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "soak.flac"
        self._recorder = self.host.record(path)
        churn = Churn(self.host, seed, hurry)
        churn.start()
        self._churn = churn

    def end_churn(self) -> dict[str, Any]:
        """Patches stay as they are from now on; how often they were swapped."""
        self._churn.end()
        return {"swaps": self._churn.swaps, "churn_error": self._churn.error}

    def end_recording(self) -> dict[str, Any]:
        """Finish the recording, and delete it; how long it was, and what it lacks."""
        self.host.stop_recording()
        seconds, lost = self._recorder.seconds, self._recorder.lost
        self._folder.cleanup()
        return {"recorded_seconds": seconds, "recording_lost_frames": lost}

    def vitals(self) -> dict[str, Any]:
        """Memory of the process, faults and switches of the audio thread, so far."""
        gc.collect()
        return {
            "rss_mib": resident_mib(),
            "swaps": self._churn.swaps,
            "policy": policy(self._thread),
            "thread": thread_counters(self._thread),
        }

    def close(self) -> None:
        """End the host; again: nothing."""
        host, self.host = self.host, None
        if host is not None:
            host.close()
