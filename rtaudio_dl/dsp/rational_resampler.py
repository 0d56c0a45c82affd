"""A band-limited resampler for a stream without an end: frames in, frames out.

The filters are those of `dsp/resampler.py`, made for the very ratio of the two rates.
Positions are counted in whole numbers, so neither hours nor the way in which a stream
is cut into blocks change a single bit.
"""

from __future__ import annotations

from math import gcd

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.dsp.resampler import between_phases, filter_bank, taps_for

CHUNK = 256  # most frames that `resample` takes at once

RESAMPLER = np.dtype(
    [
        ("up", np.int64),  # frames out…
        ("down", np.int64),  # …for so many frames in, in lowest terms
        ("taps", np.int64),  # 0: both rates are the same, nothing is filtered
        ("held", np.int64),  # frames in the history
        ("next", np.int64),  # the one at or before the next frame out,
        ("rest", np.int64),  # which lies so many `up`ths after it
    ],
    align=True,
)


def new_resampler(rate_in: int, rate_out: int) -> tuple[np.ndarray, ...]:
    """State, filters, history and memory for the frames out of one `resample`.

    Rates are in Hz. Frame n out lies at n * rate_in / rate_out, to the frame.
    """
    common = gcd(rate_in, rate_out)
    state = np.zeros(1, RESAMPLER)
    state["up"], state["down"] = rate_out // common, rate_in // common
    speed = max(1.0, rate_in / rate_out)
    taps = 0 if rate_in == rate_out else taps_for(speed)
    filters = filter_bank(speed, taps).ravel() if taps else np.zeros(1, np.float32)
    state["taps"] = taps
    # Silence before the first frame.
    state["held"] = state["next"] = max(0, taps // 2 - 1)
    history = np.zeros(taps + CHUNK, np.float32)
    out = np.zeros(int(np.ceil(CHUNK * rate_out / rate_in)) + 1, np.float32)
    return state, filters, history, out


def delay(state: np.ndarray) -> int:
    """Frames in that must follow a frame before what lies there can come out."""
    return int(state["taps"][0]) // 2


@rt_kernel
def resample(states, filters, history, frames, count, out):
    """Take ``count`` frames (up to `CHUNK`), fill ``out``; returns how many. [any]

    ``frames`` is float32 (frames, 1), all else as `new_resampler` made it.
    """
    state = states[0]
    if state.taps == 0:
        for i in range(count):
            out[i] = frames[i, 0]
        return count
    half = state.taps // 2
    gone = state.next - (half - 1)
    for i in range(gone, state.held):
        history[i - gone] = history[i]
    held = state.held - gone
    for i in range(count):
        history[held + i] = frames[i, 0]
    state.held = held + count
    place, rest, made = half - 1, state.rest, 0
    while place + half < state.held:
        first = history[place - half + 1 :]
        fraction = rest / state.up
        out[made] = between_phases(filters, state.taps, first, fraction)
        made += 1
        rest += state.down
        place += rest // state.up
        rest %= state.up
    state.next, state.rest = place, rest
    return made
