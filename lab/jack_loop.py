"""A JACK client whose output is connected to its own input: the graph's round trip."""

from __future__ import annotations

import time

import numpy as np

from lab.errors import BenchError
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import call2, floats_at, record_at, words_at
from rtaudio_dl.io.jack import libjack

_POLL_SECONDS = 0.005
_PATIENCE_SECONDS = 10.0
_STATE = np.dtype(
    [
        ("get_buffer", np.uintp),
        ("output", np.uintp),
        ("input", np.uintp),
        ("pulses", np.uintp),  # int64 frames, in order
        ("count", np.int64),
        ("next", np.int64),
        ("heard", np.uintp),  # float32
        ("size", np.int64),
        ("frame", np.int64),  # of the next cycle
    ],
    align=True,
)


@rt_entry("iup")
def _loop(frames, user):
    """JackProcessCallback: play pulses at their frames, keep what comes. [audio]"""
    state = record_at(user, _STATE)
    n = np.uintp(frames)
    played = floats_at(call2(state.get_buffer, state.output, n), frames)
    came = floats_at(call2(state.get_buffer, state.input, n), frames)
    heard = floats_at(state.heard, state.size)
    pulses = words_at(state.pulses, state.count)
    for i in range(frames):
        frame = state.frame + i
        played[i] = 0.0
        if state.next < state.count and pulses[state.next] == frame:
            played[i] = 1.0
            state.next += 1
        if frame < state.size:
            heard[frame] = came[i]
    state.frame += frames
    return 0


def round_trips(pulses: list[int]) -> list[int]:
    """Play a pulse at each of these frames; the frames until each came back.

    Frames of -1 stand for a pulse that did not. Raises DeviceError or BenchError.
    """
    times = np.array(pulses, np.int64)
    heard = np.zeros(pulses[-1] + (pulses[-1] - pulses[-2]), np.float32)
    client = libjack.Client("bench-loop")
    try:
        state = np.zeros(1, _STATE)
        state["get_buffer"] = libjack.address("jack_port_get_buffer")
        output = client.register("out", libjack.AUDIO, libjack.IS_OUTPUT)
        input_ = client.register("in", libjack.AUDIO, libjack.IS_INPUT)
        state["output"], state["input"] = output, input_
        state["pulses"], state["count"] = times.ctypes.data, len(times)
        state["heard"], state["size"] = heard.ctypes.data, len(heard)
        client.on("process", _loop.address, state.ctypes.data)
        client.activate()
        client.connect(client.port_name(output), client.port_name(input_))
        _wait(state, len(heard) / client.sample_rate)
    finally:
        client.close()
    ends = [*pulses[1:], len(heard)]
    return [_delay(heard[a:b]) for a, b in zip(pulses, ends, strict=True)]


def _wait(state: np.ndarray, seconds: float) -> None:
    until = time.monotonic() + seconds + _PATIENCE_SECONDS
    while state["frame"][0] < state["size"][0]:
        if time.monotonic() > until:
            raise BenchError("the JACK server does not call; is it stopped?")
        time.sleep(_POLL_SECONDS)


def _delay(window: np.ndarray) -> int:
    return int(np.argmax(window)) if window.max() > 0.5 else -1
