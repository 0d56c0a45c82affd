"""A sound card whose output is connected to its own input: the card's round trip."""

from __future__ import annotations

import sys
import time

import numpy as np

from lab.errors import BenchError
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import floats_at, record_at, table_at, words_at
from rtaudio_dl.io.audio.devices import AudioDevice, current_index
from rtaudio_dl.io.audio.portaudio import OUTPUTS, PortAudioStream

LEVEL = 0.5  # of a pulse, linear
_CLEAR = 8.0  # times the noise before it: a pulse, not hiss
_FAINTEST = 1e-3
_POLL_SECONDS = 0.01
_PATIENCE_SECONDS = 5.0
_STATE = np.dtype(
    [
        ("pulses", np.uintp),  # int64 frames, in order
        ("count", np.int64),
        ("next", np.int64),
        ("heard", np.uintp),  # float32
        ("size", np.int64),
        ("inputs", np.int64),  # channels
        ("channel", np.int64),
        ("frame", np.int64),
    ],
    align=True,
)
_LONG = "u" if sys.platform == "win32" else "p"  # unsigned long


@rt_entry(f"ipp{_LONG}p{_LONG}p")
def _loop(input_, output, frames, _time, _flags, user):
    """PaStreamCallback: play pulses at their frames, keep what comes. [audio]"""
    state = record_at(user, _STATE)
    came = table_at(input_, frames, state.inputs)
    played = table_at(output, frames, OUTPUTS)
    heard = floats_at(state.heard, state.size)
    pulses = words_at(state.pulses, state.count)
    for i in range(np.int64(frames)):
        frame = state.frame + i
        level = 0.0
        if state.next < state.count and pulses[state.next] == frame:
            level = LEVEL
            state.next += 1
        for channel in range(OUTPUTS):
            played[i, channel] = level
        if frame < state.size:
            heard[frame] = came[i, state.channel]
    state.frame += np.int64(frames)
    return 0


def round_trips(
    output: AudioDevice,
    input_: AudioDevice,
    rate: int,
    block: int,
    channel: int,
    pulses: list[int],
) -> list[int]:
    """Play a pulse at each of these frames; the frames until each came back.

    -1 stands for a pulse that did not. ``block`` in frames, ``channel`` of the input
    from 0. Raises DeviceError or BenchError.
    """
    times = np.array(pulses, np.int64)
    heard = np.zeros(pulses[-1] + (pulses[-1] - pulses[-2]), np.float32)
    state = np.zeros(1, _STATE)
    state["pulses"], state["count"] = times.ctypes.data, len(times)
    state["heard"], state["size"] = heard.ctypes.data, len(heard)
    state["inputs"], state["channel"] = channel + 1, channel
    stream = PortAudioStream(
        _loop.address,
        state.ctypes.data,
        current_index(output),
        rate,
        block,
        current_index(input_),
        channel + 1,
        reached=(state, times, heard),
    )
    try:
        stream.start()
        _wait(state, len(heard) / rate)
    finally:
        stream.close()
    return delays(heard, pulses)


def _wait(state: np.ndarray, seconds: float) -> None:
    until = time.monotonic() + seconds + _PATIENCE_SECONDS
    while state["frame"][0] < state["size"][0]:
        if time.monotonic() > until:
            raise BenchError("the sound card does not call; is it in use elsewhere?")
        time.sleep(_POLL_SECONDS)


def delays(heard: np.ndarray, pulses: list[int]) -> list[int]:
    """Frames from each pulse to its peak in a recording (frames,); -1: not there.

    A pulse must stand out of the noise before the first one, for cables hiss.
    """
    ends = [*pulses[1:], len(heard)]
    noise = np.abs(heard[: pulses[0]]).max(initial=0.0)
    found = []
    for begin, end in zip(pulses, ends, strict=True):
        level = np.abs(heard[begin:end])
        clear = level.max() > max(_FAINTEST, _CLEAR * noise)
        found.append(int(np.argmax(level)) if clear else -1)
    return found
