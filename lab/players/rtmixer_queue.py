"""A peer: python-rtmixer, whose audio callback is C; Python tells it what to play."""

from __future__ import annotations

import numpy as np

from lab.players.python_peer import OUTPUTS, PythonPeer, open_midi
from lab.players.sounddevice_callback import jack_device


class RtmixerQueue(PythonPeer):
    """rtmidi's callback in Python queues the sound, C plays it."""

    _mixer = _midi = None

    def start(self, sound: np.ndarray, rate: int, period: int) -> None:
        """Open the mixer at its lowest latency, then the MIDI port."""
        import rtmixer

        self._sound = np.ascontiguousarray(sound)
        self._mixer = rtmixer.Mixer(
            device=jack_device(),
            channels=OUTPUTS,
            samplerate=rate,
            blocksize=period,
            latency="low",
        )
        self._mixer.start()
        self._midi = open_midi(self._strike)

    def _strike(self) -> None:
        self._mixer.play_buffer(self._sound, OUTPUTS)

    def counts(self) -> dict[str, int]:
        """Its callback is C, and counts nothing."""
        return {}

    def close(self) -> None:
        """Close both."""
        if self._mixer is not None:
            if self._midi is not None:
                self._midi.close_port()
            self._mixer.close(ignore_errors=True)
