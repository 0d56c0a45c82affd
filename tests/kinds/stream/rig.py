"""A host with a stream whose sound is known, and what its notes must sound like."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rtaudio_dl.host.host import Host
from rtaudio_dl.kinds.stream.entries import serve
from rtaudio_dl.patches.patch import Patch
from tests.engine.rig import make_patch
from tests.entries import process_block

RATE = 48_000
A4 = 69
HOP_FRAMES = 192  # of 64 frames at 16 kHz
LATENCY = HOP_FRAMES + 48  # and 1 ms
CONTROL_LATENCY = LATENCY + HOP_FRAMES  # of a lifted key, the wheel and the pad
RISE = 12  # the filter rises for some frames around its delay


def stream_patch(model: Path, keys=range(24, 109), parameters=None, **fields) -> Patch:
    """A patch of a stream that gives its sound as it is."""
    values = {"release": 10} | (parameters or {})
    corners = fields.pop("corners", ("Full",))
    return make_patch(
        fields.pop("name", "stream"),
        keys=keys,
        parameters=values,
        model=str(model),
        corners=corners,
        **fields,
    )


@contextlib.contextmanager
def stream_host(
    model: Path, block: int = 128, polyphony: int = 32, **fields
) -> Iterator:
    """A host of 48 kHz with a stream on all channels."""
    with Host(RATE, block=block, polyphony=polyphony) as host:
        host.instrument = host.load(stream_patch(model, **fields))
        yield host


def at(frame: int) -> float:
    """A frame as the host's seconds."""
    return frame / RATE


def hertz(key: float) -> float:
    """The frequency of a key in equal temperament."""
    return 440.0 * 2 ** ((key - 69) / 12)


def render_late(host: Host, frames: int, runs, block: int = 128) -> np.ndarray:
    """Render as a device does; the worker runs after blocks where ``runs`` says so."""
    out = np.zeros((frames, 2), np.float32)
    for number, first in enumerate(range(0, frames, block)):
        host.inbox.feed(block, block)
        process_block(host.engine, out[first : first + block])
        if runs(number):
            serve(host.engine, host.instrument.place)
    return out


def fitted(audio: np.ndarray, hz: float) -> tuple[float, float]:
    """Amplitude of a tone in the left channel, and the rms of all that is not it."""
    turning = 2 * np.pi * hz * np.arange(len(audio)) / RATE
    tones = np.stack([np.sin(turning), np.cos(turning)], axis=1)
    weights, *_ = np.linalg.lstsq(tones, audio[:, 0].astype(np.float64), rcond=None)
    rest = audio[:, 0] - tones @ weights
    return float(np.hypot(*weights)), float(np.sqrt(np.mean(rest**2)))
