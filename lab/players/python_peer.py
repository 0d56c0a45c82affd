"""What the peers written in plain Python share."""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.players.loads import Burdened

CLIENT = "bench-peer"
OUTPUTS = 2


class Voices:
    """Sounds that play, mixed by NumPy: each is the one sound from a place on."""

    def __init__(self, sound: np.ndarray):
        self._sound = sound
        self._playing: list[int] = []  # frames played; negative: frames until it begins

    def strike(self, offset: int = 0) -> None:
        """Begin the sound, ``offset`` frames into the next block."""
        self._playing.append(-offset)

    def mix(self, out: np.ndarray) -> None:
        """Fill ``out``, float32 (frames, channels)."""
        out[:] = 0.0
        frames, length = len(out), len(self._sound)
        for place in self._playing:
            begin = max(0, -place)
            first = max(0, place)
            count = min(frames - begin, length - first)
            out[begin : begin + count] += self._sound[first : first + count]
        self._playing = [p + frames for p in self._playing if p + frames < length]


class PythonPeer(Burdened):
    """A player in Python; `open` gets the sound's file, and starts it."""

    def __init__(self) -> None:
        self.callbacks = 0

    def open(self, sound: str, rate: int, period: int) -> dict[str, Any]:
        """Play ``sound``, an .npy file of float32 (frames, 2), for each note-on."""
        self.start(np.load(sound, allow_pickle=False), rate, period)
        return {}

    def start(self, sound: np.ndarray, rate: int, period: int) -> None:
        """Open MIDI and audio."""
        raise NotImplementedError

    def counts(self) -> dict[str, int]:
        """How often its callback was called."""
        return {"callbacks": self.callbacks}

    def close(self) -> None:
        """Close MIDI and audio."""


def is_note_on(message: Any) -> bool:
    """Whether a MIDI message (bytes) strikes a key."""
    return len(message) == 3 and message[0] & 0xF0 == 0x90 and message[2] > 0


def open_midi(strike: Any) -> Any:
    """A virtual JACK port whose note-ons call ``strike``, as rtmidi's users do it."""
    import rtmidi

    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=CLIENT)
    port.open_virtual_port("midi_in")

    def hear(event: tuple[list[int], float], _data: object) -> None:
        if is_note_on(event[0]):
            strike()

    port.set_callback(hear)
    return port
