"""A probe on a JACK server: it plays into programs there, and hears every frame.

It is a process with two JACK clients, one that sends and one that records: no loop
of connections runs through one client, which would cost a period of latency.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lab.child import ANSWER_SECONDS, Child
from lab.jack_server import RATE, Server

CHANNELS = 2
_PROCESS = "lab.jack_probe_process"


class JackProbe:
    """Sends MIDI and sound at exact frames to clients, and records what they play.

    After `run`, ``late`` counts messages that missed their frame, ``gaps`` the cycles
    that the recording missed, ``xruns`` all that the server told, ``sent`` the messages
    that went out: so it can be told whose fault a wrong sound was.
    """

    def __init__(self, server: Server, channels: int = CHANNELS, name: str = "probe"):
        self.server, self.channels, self.name = server, channels, name
        self.late = self.gaps = self.xruns = self.sent = 0
        self._child = Child(
            _PROCESS, name, str(channels), environment=server.environment
        )

    def __enter__(self) -> JackProbe:
        self._child.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._child.close()

    def connect_midi(self, pattern: str) -> list[str]:
        """Send to all MIDI inputs whose name a pattern finds, once there are any."""
        return self._child.ask("connect_midi", pattern=pattern)

    def connect_sound(self, pattern: str) -> list[str]:
        """Play to all audio inputs whose name a pattern finds, once there are any."""
        return self._child.ask("connect_sound", pattern=pattern)

    def connect_audio(self, pattern: str) -> list[str]:
        """Record the audio outputs whose names a pattern finds, in their order."""
        return self._child.ask("connect_audio", pattern=pattern)

    def disconnect(self) -> None:
        """Send to nobody, and hear nobody."""
        self._child.ask("disconnect")

    def ports(self, pattern: str = "") -> list[str]:
        """Names of all ports of the server that a pattern finds."""
        return [p for p in self._child.ask("ports") if re.search(pattern, p)]

    def run(
        self,
        events: Sequence[tuple[int, bytes]] = (),
        frames: int = RATE,
        sound: np.ndarray | None = None,
    ) -> tuple[np.ndarray, int]:
        """Send messages of 1 to 3 bytes at their frames, play a sound, and record.

        ``sound`` is mono, (frames,), and begins with the first frame recorded.
        Frames count from the first one recorded. Returns float32 (frames, channels) and
        JACK's own number of the first frame.
        """
        with tempfile.TemporaryDirectory() as folder:
            out, played = Path(folder) / "audio.npy", Path(folder) / "sound.npy"
            if sound is not None:
                np.save(played, np.asarray(sound, np.float32), allow_pickle=False)
            answer = self._child.ask(
                "run",
                within=ANSWER_SECONDS + frames / self.server.rate,
                events=[(frame, bytes(message).hex()) for frame, message in events],
                frames=frames,
                out=str(out),
                sound=None if sound is None else str(played),
            )
            audio = np.load(out, allow_pickle=False)
        self.late, self.gaps = answer["late"], answer["gaps"]
        self.xruns, self.sent = answer["xruns"], answer["sent"]
        return audio, answer["start"]

    def round_trips(self, pulses: Sequence[int]) -> list[int]:
        """Frames that pulses at these frames take from a client's output to its input.

        -1 stands for one that did not come back.
        """
        return self._child.ask("round_trips", pulses=list(pulses))
