"""A peer: MIDI and audio in one JACK process callback, written in Python.

It is the best that plain Python can do: notes are placed at their own offset. JACK's
thread waits for the interpreter in each cycle, though.
"""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_float,
    c_int,
    c_size_t,
    c_ubyte,
    c_uint32,
    c_void_p,
    cast,
    string_at,
)

import numpy as np

from lab.players.python_peer import (
    CLIENT,
    OUTPUTS,
    PythonPeer,
    Voices,
    is_note_on,
)
from rtaudio_dl.io.jack import libjack

_PROCESS = CFUNCTYPE(c_int, c_uint32, c_void_p)


class _Event(Structure):
    """jack_midi_event_t."""

    _fields_ = (("time", c_uint32), ("size", c_size_t), ("data", POINTER(c_ubyte)))


def _function(name: str, result: type, *arguments: type):
    return CFUNCTYPE(result, *arguments)(libjack.address(name))


class JackCallback(PythonPeer):
    """The callback, its voices and its ports."""

    _client: libjack.Client | None = None

    def start(self, sound: np.ndarray, rate: int, period: int) -> None:
        """Join the server's graph."""
        self._buffer = _function("jack_port_get_buffer", c_void_p, c_void_p, c_uint32)
        self._count = _function("jack_midi_get_event_count", c_uint32, c_void_p)
        self._get = _function(
            "jack_midi_event_get", c_int, POINTER(_Event), c_void_p, c_uint32
        )
        self._voices = Voices(sound)
        self._client = client = libjack.Client(CLIENT)
        self._midi = client.register("midi_in", libjack.MIDI, libjack.IS_INPUT)
        self._outputs = [
            client.register(f"out_{i + 1}", libjack.AUDIO, libjack.IS_OUTPUT)
            for i in range(OUTPUTS)
        ]
        self._process = _PROCESS(self._play)
        client.on("process", cast(self._process, c_void_p).value, None)
        client.activate()

    def _play(self, frames: int, _user: int) -> int:
        self.callbacks += 1
        midi, event = self._buffer(self._midi, frames), _Event()
        for i in range(self._count(midi)):
            self._get(byref(event), midi, i)
            if is_note_on(string_at(event.data, event.size)):
                self._voices.strike(event.time)
        mixed = np.empty((frames, OUTPUTS), np.float32)
        self._voices.mix(mixed)
        for channel, port in enumerate(self._outputs):
            memory = cast(self._buffer(port, frames), POINTER(c_float))
            np.ctypeslib.as_array(memory, (frames,))[:] = mixed[:, channel]
        return 0

    def close(self) -> None:
        """Leave the server."""
        if self._client is not None:
            self._client.close()
