"""The engine without a device: the same kernels, on the caller's thread."""

from __future__ import annotations

from rtaudio_dl.rt.kernel import rt_kernel
from rtaudio_dl.rt.layout import KEYS, PATCHES
from rtaudio_dl.rt.pool import KEYS_PER_SWEEP, sweep, unready
from rtaudio_dl.rt.process import apply_due, process_block
from rtaudio_dl.rt.schedule import collect
from rtaudio_dl.rt.worker import serve

_ROUND = KEYS * PATCHES // KEYS_PER_SWEEP  # sweeps that reach every key


@rt_kernel
def render_blocks(engine, out, block):
    """Fill ``out``, float32 (frames, 2), block by block. [control]

    Requests are served between blocks, so a sound is always ready by the next one: the
    same events give the same bytes.
    """
    for first in range(0, out.shape[0], block):
        process_block(engine, out[first : first + block])
        serve(engine)


@rt_kernel
def settle(engine, patch):
    """Apply the events that are due and fill a patch's pool, in no time. [control]

    Returns how many sounds are still lacking (0, unless memory is short).
    """
    lacking, before = -1, -2
    while lacking != 0 and lacking != before:
        before = lacking
        collect(engine)
        apply_due(engine)
        for _ in range(_ROUND):
            sweep(engine)
        serve(engine)
        lacking = unready(engine, patch)
    return lacking
