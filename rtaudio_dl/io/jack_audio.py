"""Playing through a JACK server: its process cycle calls a PortAudio-style callback.

The engine is compiled once, with PortAudio's signature and interleaved samples. JACK
wants one buffer per port, so a small C callback sits between the two.
"""

from __future__ import annotations

import numpy as np
from numba import types

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io import libjack
from rtaudio_dl.io.native import array_of
from rtaudio_dl.rt.kernel import rt_callback
from rtaudio_dl.rt.native import call2, call8, floats_at, table_at

OUTPUTS = 2
_SCRATCH_FRAMES = 8192  # a longer cycle is played in parts
_OUTPUT_UNDERFLOW = 4  # PortAudio's flag, as the engine knows it

_STATE = np.dtype(
    [
        ("callback", np.uintp),  # PaStreamCallback
        ("user", np.uintp),
        ("get_buffer", np.uintp),  # jack_port_get_buffer
        ("ports", np.uintp, (OUTPUTS,)),
        ("scratch", np.uintp),  # interleaved float32
        ("times", np.uintp),  # PaStreamCallbackTimeInfo; zero, the engine has a clock
        ("xruns", np.int64),  # written by JACK's notification thread only
        ("xruns_told", np.int64),  # written by the process thread only
        ("lost", np.int64),  # the server has gone
    ],
    align=True,
)

_states = array_of(_STATE)


@rt_callback(types.int32(types.uint32, types.uintp))
def _process(frames, user):
    """JackProcessCallback: let the engine fill the ports' buffers. [audio]"""
    state = _states(user, 1)[0]
    n = np.uintp(frames)
    left = call2(state.get_buffer, state.ports[0], n)
    right = call2(state.get_buffer, state.ports[1], n)
    out_left, out_right = floats_at(left, frames), floats_at(right, frames)
    mixed = table_at(state.scratch, _SCRATCH_FRAMES, OUTPUTS)
    flags = _OUTPUT_UNDERFLOW if state.xruns != state.xruns_told else 0
    state.xruns_told = state.xruns
    done = 0
    while done < frames:
        count = min(frames - done, _SCRATCH_FRAMES)
        call8(
            state.callback,
            np.uintp(0),
            state.scratch,
            np.uintp(count),
            state.times,
            np.uintp(flags),
            state.user,
            np.uintp(0),  # one more than PortAudio's callback takes: it will not look
            np.uintp(0),
        )
        for i in range(count):
            out_left[done + i] = mixed[i, 0]
            out_right[done + i] = mixed[i, 1]
        done += count
        flags = 0
    return 0


@rt_callback(types.int32(types.uintp))
def _xrun(user):
    """JackXRunCallback: somebody on the server was late. [any]"""
    _states(user, 1)[0].xruns += 1
    return 0


@rt_callback(types.void(types.uintp))
def _shutdown(user):
    """JackShutdownCallback: the server has gone. [any]"""
    _states(user, 1)[0].lost = 1


class JackStream:
    """Plays a callback's two channels to the ports of another JACK client.

    ``callback_address`` is a PaStreamCallback, called with ``user_address``; the caller
    keeps both alive until `close`. ``target`` is the name of the client to play to.
    """

    def __init__(self, callback_address: int, user_address: int, target: str):
        self._client = libjack.Client("rtaudio_dl-audio")
        try:
            self._prepare(callback_address, user_address, target)
        except DeviceError:
            self._client.close()
            raise
        self.sample_rate = self._client.sample_rate
        self.started = False

    def _prepare(self, callback_address: int, user_address: int, target: str) -> None:
        client = self._client
        clients = client.playback_targets()
        if target not in clients:
            found = ", ".join(clients) or "none"
            raise DeviceError(f"JACK has no {target!r} to play to; there are: {found}")
        self._targets = clients[target]
        names = ("out_left", "out_right")
        self._ports = [
            client.register(name, libjack.AUDIO, libjack.IS_OUTPUT) for name in names
        ]
        self._scratch = np.zeros((_SCRATCH_FRAMES, OUTPUTS), np.float32)
        self._times = np.zeros(3)
        self._state = np.zeros(1, _STATE)
        self._state["callback"], self._state["user"] = callback_address, user_address
        self._state["get_buffer"] = libjack.address("jack_port_get_buffer")
        self._state["ports"] = self._ports
        self._state["scratch"] = self._scratch.ctypes.data
        self._state["times"] = self._times.ctypes.data
        state = self._state.ctypes.data
        client.on("process", _process.address, state)
        client.on("xrun", _xrun.address, state)
        client.on("shutdown", _shutdown.address, state)

    @property
    def block(self) -> int:
        """Frames per process cycle; the server may change it."""
        return self._client.period if self.active() else 0

    @property
    def xruns(self) -> int:
        """How often the server told that a cycle was late, whoever's fault it was."""
        return int(self._state["xruns"][0])

    def device_latency(self) -> int:
        """Frames from a process cycle to the target's end, as the server tells."""
        return self._client.playback_latency(self._ports[0]) if self.active() else 0

    def start(self) -> None:
        """Take part in process cycles, connected to the target."""
        self._client.activate()
        self.started = True
        for i, port in enumerate(self._ports):
            target = self._targets[min(i, len(self._targets) - 1)]
            if not self._client.connect(self._client.port_name(port), target):
                raise DeviceError(f"JACK did not connect this program to {target!r}")

    def stop(self) -> None:
        """Take no further part; the callback is not called again."""
        if self.started and self.active():
            self._client.deactivate()
        self.started = False

    def active(self) -> bool:
        """Whether started, with the server there."""
        open_ = self._client.pointer is not None
        return open_ and self.started and not self._state["lost"][0]

    def close(self) -> bool:
        """Leave the server; False if it is so stuck that it had to be abandoned."""
        self.started = False
        if self._client.close():
            return True
        _abandoned.append(self)  # its thread may still write there
        return False


_abandoned: list[JackStream] = []
