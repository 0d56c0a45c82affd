"""The kind as the engine calls it."""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import record_at
from rtaudio_dl.engine.layout import ENGINE, OUTPUTS

PASSED = np.dtype([("frames", np.int64)], align=True)


@rt_entry("vpww")
def process(address, node, count):
    """Add ``count`` frames of the input bus to the mix. [audio]"""
    engine = record_at(address, ENGINE)
    bus = engine.buses[engine.nodes[node].input]
    for i in range(count):
        for channel in range(OUTPUTS):
            engine.mix[i, channel] += bus[i, channel]
    record_at(engine.nodes[node].state, PASSED).frames += count
