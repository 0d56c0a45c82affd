"""The memory of the engine: one record, allocated once, before sound starts.

Kernels take the record, entries its address; Python has its fields as arrays, see
`Engine`. What a kind of model needs of its own is no part of it: a node points to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rtaudio_dl.core.control import store_word
from rtaudio_dl.core.counters import AUDIO_COUNTERS
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.ring import CURSORS, new_cursors
from rtaudio_dl.core.switch import SWITCH
from rtaudio_dl.dsp.resampler import TABLE_SIZE, filter_table
from rtaudio_dl.engine.events import EVENT, RING_SIZE
from rtaudio_dl.engine.input import INPUTS
from rtaudio_dl.engine.parameters import PARAMETERS
from rtaudio_dl.engine.records import (
    CHANNEL,
    KEY,
    MASTER,
    NODE,
    OUTPUTS,
    RANGE,
    SOURCE,
    STRIKE,
    VOICE,
    WAY,
)
from rtaudio_dl.engine.telemetry import Telemetry
from rtaudio_dl.engine.transport import TRANSPORT, reset_transport
from rtaudio_dl.errors import EngineError

CHANNELS = 16  # of MIDI
KEYS = 128
PROGRAMS = 128
PLACES = 16  # nodes that patches, effects and the like are loaded into
TRACKS_NODE, MASTER_NODE = PLACES, PLACES + 1  # always there
NODES = PLACES + 2
BUSES = NODES  # as many as can be needed
MAIN_BUS = 0  # what the master section takes
VOICES = 96  # places; `MASTER.polyphony` of them may hold notes, the rest fade out
SOURCES = 16  # of events, each with a ring
PENDING = 8192  # events that wait for their frame
SEGMENT = 128  # most frames between two looks at the events
TAP_FRAMES = 1 << 20  # 21 s at 48 kHz, for the writer thread to be away
UNHEARD = 1024  # frames of output for nobody, of a device that only listens
FLIGHT_EVENTS = 1 << 16  # of the flight recorder's ring

NONE = -1

# Life of a node. The audio thread alone writes it, but for the control side's clearing
# of a place that is GONE or EMPTY.
EMPTY, ACTIVE, RETIRING, GONE = range(4)

# Switches: the output is recorded, the flight recorder runs, what nodes play goes to a
# MIDI output, too, and: a recording is replayed, which has what nodes played.
TAP_ON, FLIGHT_ON, OUT_ON, REPLAYED = range(4)
SWITCHES = 4

# Life of a voice.
IDLE, WAITING, SOUNDING = range(3)
# Stages of its envelope.
STAGE_ATTACK, STAGE_DECAY, STAGE_RELEASE, STAGE_FADE = range(4)

# Every array of an engine: its type and shape. Names in ``_cursors`` belong to the ring
# before them.
_NUMBER = np.dtype(np.int64)
ARRAYS: dict[str, tuple[np.dtype, tuple[int, ...]]] = {
    "master": (MASTER, (1,)),
    "transport": (TRANSPORT, (1,)),
    "switches": (_NUMBER, (SWITCHES,)),  # Python's to the audio thread
    "counters": (_NUMBER, (len(AUDIO_COUNTERS),)),
    "channels": (CHANNEL, (CHANNELS,)),
    "programs": (_NUMBER, (PROGRAMS,)),  # MIDI program → node, or NONE
    "nodes": (NODE, (NODES,)),
    "node_life": (_NUMBER, (NODES,)),
    # Two orders of nodes, and the switch that says which one is played.
    "orders": (WAY, (2, NODES + 1)),
    "order": (_NUMBER, (SWITCH,)),
    "buses": (np.dtype(np.float64), (BUSES, SEGMENT, OUTPUTS)),
    "mix": (np.dtype(np.float64), (SEGMENT, OUTPUTS)),  # of the node that runs
    "keys": (KEY, (PLACES, KEYS)),
    "parameters": (np.dtype(np.float64), (NODES, PARAMETERS)),
    "ranges": (RANGE, (NODES, PARAMETERS)),
    "controls": (_NUMBER, (PLACES, KEYS)),  # CC → parameter, or NONE
    "strike": (STRIKE, (1,)),  # the note that begins
    "voices": (VOICE, (VOICES,)),
    "envelope": (np.dtype(np.float64), (SEGMENT,)),  # of the voice being rendered
    "pending": (EVENT, (PENDING,)),
    "sources": (SOURCE, (SOURCES,)),  # the rings that events come from
    "source_places": (_NUMBER, (SOURCES,)),  # of each; a power of two, or 0: none
    "control_ring": (EVENT, (RING_SIZE,)),
    "control_cursors": (_NUMBER, (CURSORS,)),
    "cycle_ring": (EVENT, (RING_SIZE,)),  # what JACK brought with this very cycle
    "cycle_cursors": (_NUMBER, (CURSORS,)),
    "ear_ring": (EVENT, (RING_SIZE,)),  # what the analysis thread plays
    "ear_cursors": (_NUMBER, (CURSORS,)),
    "out_ring": (EVENT, (RING_SIZE,)),  # what nodes play to a MIDI output
    "out_cursors": (_NUMBER, (CURSORS,)),
    "tap_ring": (np.dtype(np.float32), (TAP_FRAMES, OUTPUTS)),
    "tap_cursors": (_NUMBER, (CURSORS,)),
    "flight_ring": (EVENT, (FLIGHT_EVENTS,)),
    "flight_cursors": (_NUMBER, (CURSORS,)),
    "logged": (EVENT, (1,)),  # the line being written for the flight recorder
    "event": (EVENT, (1,)),  # the message being read
    "told": (EVENT, (1,)),  # the event that a node is told
    "filters": (np.dtype(np.float32), (TABLE_SIZE,)),
    "telemetry": (np.dtype(np.uintp), (1,)),  # address of a `TELEMETRY`
    "ticks": (_NUMBER, (2,)),  # where the audio thread reads the clock
    "unheard": (np.dtype(np.float32), (UNHEARD, OUTPUTS)),  # where there is no output
    "inputs": (INPUTS, (1,)),
}

ENGINE = np.dtype(
    [(name, kind, shape) for name, (kind, shape) in ARRAYS.items()], align=True
)

# Every ring of an engine: `Engine.NAME_ring` and `Engine.NAME_cursors`.
RINGS = tuple(
    name.removesuffix("_ring")
    for name in (*ARRAYS, *INPUTS.names)
    if name.endswith("_ring")
)


_RING_PARTS = ("ring", "cursors")


class Engine(Memory):
    """An engine at rest, for ``sample_rate`` in Hz, and its fields as arrays.

    ``midi`` is a ring of events and its cursors in memory that another process shares;
    it has to live as long as the engine.
    """

    def __init__(
        self,
        sample_rate: float,
        polyphony: int = 32,
        midi: tuple[np.ndarray, np.ndarray] | None = None,
    ):
        super().__init__(ENGINE)
        for name in INPUTS.names:
            setattr(self, name, self.inputs[name][0])
        self.kinds: dict[str, Any] = {}  # what kinds of nodes have in common, by name
        # Node → input bus or NONE, output bus, where not the default: `host/graph.py`.
        self.ways: dict[int, tuple[int, int]] = {}
        self._rings: dict[int, tuple] = {}  # of the sources: the record points to them
        self.watched = Telemetry()
        self.telemetry[0] = self.watched.address
        if midi is None:
            midi = np.zeros(RING_SIZE, EVENT), new_cursors()
        self.midi_ring, self.midi_cursors = midi
        for name in ("control", "midi", "cycle", "ear"):
            ring, cursors = (getattr(self, f"{name}_{part}") for part in _RING_PARTS)
            self.add_source(ring, cursors)
        self._set_up(sample_rate, polyphony)

    def add_source(self, ring: np.ndarray, cursors: np.ndarray) -> int:
        """Let the engine read one more ring of events; the number of its place.

        The ring, of a size that is a power of two, has one producer, and lives as long
        as the engine or until `forget_source`. Raises EngineError.
        """
        free = [n for n in range(SOURCES) if n not in self._rings]
        if not free:
            raise EngineError(f"{SOURCES} sources of events are open; close one first")
        number = free[0]
        source = self.sources[number]
        source["ring"], source["cursors"] = ring.ctypes.data, cursors.ctypes.data
        self._rings[number] = ring, cursors
        store_word(self.source_places, number, len(ring))
        return number

    def leave_source(self, number: int) -> None:
        """Read a ring no longer, from the next block on."""
        store_word(self.source_places, number, 0)

    def forget_source(self, number: int) -> None:
        """Free the place of a ring, once a block has begun since it was left."""
        del self._rings[number]

    def _set_up(self, sample_rate: float, polyphony: int) -> None:
        self.filters[:] = filter_table()
        master = self.master
        master["address"], master["sample_rate"] = self.address, sample_rate
        master["polyphony"], master["clock"]["thread_id"] = polyphony, NONE
        master["gain"] = master["gain_now"] = master["limiter"] = 1.0
        reset_transport(self.transport)
        self.watched.array["status"]["sample_rate"] = sample_rate
        self.watched.array["status"]["tempo"] = self.transport["tempo"]
        self.channels["node"] = NONE
        self.channels["volume"] = self.channels["expression"] = 1.0
        self.orders["node"] = NONE
        for table in (self.programs, self.controls):
            table.fill(NONE)
        for side in ("gain", "left", "right", "wet"):
            self.nodes[side] = 1.0
        self.nodes["input"] = NONE
        self.input["sample_rate"] = sample_rate
        self.onset_key[0] = NONE
        self.voices["place"] = NONE
