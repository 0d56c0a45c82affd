"""A peer: sounddevice's stream with a callback in Python, and rtmidi's callback."""

from __future__ import annotations

import threading

import numpy as np

from lab.players.python_peer import (
    OUTPUTS,
    PythonPeer,
    Voices,
    open_midi,
)


def jack_device() -> int:
    """PortAudio's number of the JACK server's hardware."""
    import sounddevice

    apis = sounddevice.query_hostapis()
    for index, device in enumerate(sounddevice.query_devices()):
        is_jack = "JACK" in apis[device["hostapi"]]["name"]
        if is_jack and device["name"] == "system":
            return index
    raise RuntimeError("PortAudio here was built without JACK")


class SounddeviceCallback(PythonPeer):
    """Two callbacks in Python, one for MIDI and one for audio."""

    _stream = _midi = None

    def start(self, sound: np.ndarray, rate: int, period: int) -> None:
        """Open the stream at its lowest latency, then the MIDI port."""
        import sounddevice

        self._voices, self._lock = Voices(sound), threading.Lock()
        self._stream = sounddevice.OutputStream(
            rate, period, jack_device(), OUTPUTS, "float32", "low", callback=self._play
        )
        self._stream.start()
        self._midi = open_midi(self._strike)

    def _strike(self) -> None:
        with self._lock:
            self._voices.strike()

    def _play(self, out: np.ndarray, _frames: int, _time, _status) -> None:
        self.callbacks += 1
        with self._lock:
            self._voices.mix(out)

    def close(self) -> None:
        """Close both."""
        if self._stream is not None:
            if self._midi is not None:
                self._midi.close_port()
            self._stream.close(ignore_errors=True)
