"""An effect for tests: its input, late by some frames, times a factor."""

from __future__ import annotations

import sys

import numpy as np

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.native import doubles_at, record_at
from rtaudio_dl.engine import events
from rtaudio_dl.engine.layout import ENGINE, MAIN_BUS, OUTPUTS
from rtaudio_dl.host.graph import connect
from rtaudio_dl.kinds.installed import Installed, write_node
from tests.engine.rig import Rig

LATE = np.dtype(
    [
        ("line", np.uintp),  # float64 (frames, OUTPUTS)
        ("frames", np.int64),
        ("factor", np.float64),
        ("blocks", np.int64),
        ("told", np.int64),
        ("served", np.int64),
    ],
    align=True,
)


@rt_entry("vpww")
def process(address, node, count):
    """Add the input of before to the mix. [audio]"""
    engine = record_at(address, ENGINE)
    late = record_at(engine.nodes[node].state, LATE)
    bus = engine.buses[engine.nodes[node].input]
    late.blocks += 1
    for i in range(count):
        for channel in range(OUTPUTS):
            value = bus[i, channel]
            if late.frames > 0:
                line = doubles_at(late.line, late.frames, OUTPUTS)
                place = (engine.master[0].frame + i) % late.frames
                value, line[place, channel] = line[place, channel], value
            engine.mix[i, channel] += late.factor * value


@rt_entry("vpwp")
def event(address, node, _told):
    """Count the events that came. [audio]"""
    engine = record_at(address, ENGINE)
    record_at(engine.nodes[node].state, LATE).told += 1


@rt_entry("wpw")
def serve(address, node):
    """Count how often it was served. [control]"""
    engine = record_at(address, ENGINE)
    record_at(engine.nodes[node].state, LATE).served += 1
    return 0


class Effect:
    """One of these in a rig: from a bus to a bus."""

    def __init__(
        self,
        rig: Rig,
        place: int,
        source: int,
        to: int = MAIN_BUS,
        frames: int = 0,
        factor: float = 1.0,
    ):
        self.memory, self.place = Memory(LATE), place
        self._line = np.zeros((max(frames, 1), OUTPUTS))
        self._dry, self.aligned = self._line.copy(), None
        self.memory.line[0] = self._line.ctypes.data
        self.memory.frames[0], self.memory.factor[0] = frames, factor
        self.node = rig.engine.nodes[place]
        rig.kept.append(self)
        installed = Installed(None, None, place, self.memory)
        write_node(rig.engine, installed, sys.modules[__name__])
        if frames:
            self.node["dry"], self.node["dry_frames"] = self._dry.ctypes.data, frames
        connect(rig.engine, place, source, to)
        rig.now(events.ACTIVATE, place)

    def count(self, name: str) -> int:
        """One of the numbers in its memory."""
        return int(getattr(self.memory, name)[0])
