"""The memory of the engine: one record, allocated once, before sound starts.

Kernels take the record, entries its address; Python has its fields as arrays, see
`Engine`.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.allowance import ALLOWANCE
from rtaudio_dl.core.counters import AUDIO_COUNTERS, WORKER_COUNTERS
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.ring import CURSORS, new_cursors
from rtaudio_dl.dsp.resampler import TABLE_SIZE, filter_table
from rtaudio_dl.engine.events import EVENT, RING_SIZE
from rtaudio_dl.engine.input import INPUTS
from rtaudio_dl.engine.records import (
    BINDING,
    CHANNEL,
    KEY,
    MASTER,
    OUTPUTS,
    PATCH,
    SLOT,
    SOURCE,
    VOICE,
)
from rtaudio_dl.kinds.stream.layout import NO_HOP, stream_arrays
from rtaudio_dl.playback.kernels import TRACK, TRACKS

CHANNELS = 16  # of MIDI
KEYS = 128
PATCHES = 8  # loaded at once
PROGRAMS = 128
SLOTS = 8192  # sounds in memory, all patches together
VOICES = 96  # places; `MASTER.polyphony` of them may hold notes, the rest fade out
DEPTH = 4  # most sounds that a key keeps ready
SOURCES = 16  # of events, each with a ring
PENDING = 8192  # events that wait for their frame
SEGMENT = 128  # most frames between two looks at the events
TAP_FRAMES = 1 << 20  # 21 s at 48 kHz, for the writer thread to be away
UNHEARD = 1024  # frames of output for nobody, of a device that only listens
FLIGHT_EVENTS = 1 << 16  # of the flight recorder's ring

NONE = -1

# Parameters of a patch, by number (the order is for ever: recordings name them).
(
    GAIN,  # 0..4, linear
    PAN,  # -1..1
    MORPH,  # 0..1, the way through the latent space
    VARIATION,  # 0..1, how far each strike wanders from its key's latent
    TUNE,  # semitones, -48..48
    BRIGHTNESS,  # 0..1, how much of it soft notes lose
    ATTACK,  # s
    DECAY,  # s
    SUSTAIN,  # 0..1, linear
    RELEASE,  # s
    VELOCITY_CURVE,  # 0..4, exponent of velocity for the gain
    BEND_RANGE,  # semitones, 0..48
    X,  # 0..1, the place between the timbres at the corners
    Y,
) = range(14)
PARAMETERS = 14

POOLED, FRESH, FROZEN = range(3)  # freshness

# Life of a slot. The worker makes REQUESTED → READY, the audio thread all the rest.
FREE, REQUESTED, READY = range(3)

# Life of a patch. The audio thread alone writes it, but for the control side's clearing
# of a place that is GONE or EMPTY.
EMPTY, ACTIVE, RETIRING, GONE = range(4)

# Switches: the output is recorded, the flight recorder runs.
TAP_ON, FLIGHT_ON = range(2)
SWITCHES = 2

# Life of a voice.
IDLE, WAITING, SOUNDING = range(3)
# Stages of its envelope.
STAGE_ATTACK, STAGE_DECAY, STAGE_RELEASE, STAGE_FADE = range(4)

# Every array of an engine: its type and shape. Names in ``_cursors`` belong to the ring
# before them.
ARRAYS: dict[str, tuple[np.dtype, tuple[int, ...]]] = {
    "master": (MASTER, (1,)),
    "switches": (np.dtype(np.int64), (SWITCHES,)),  # Python's to the audio thread
    "counters": (np.dtype(np.int64), (len(AUDIO_COUNTERS),)),
    "worker_counters": (np.dtype(np.int64), (len(WORKER_COUNTERS),)),
    "channels": (CHANNEL, (CHANNELS,)),
    "programs": (np.dtype(np.int64), (PROGRAMS,)),  # MIDI program → patch, or NONE
    "patches": (PATCH, (PATCHES,)),
    "patch_life": (np.dtype(np.int64), (PATCHES,)),
    "keys": (KEY, (PATCHES, KEYS)),
    "parameters": (np.dtype(np.float64), (PATCHES, PARAMETERS)),
    "controls": (np.dtype(np.int64), (PATCHES, KEYS)),  # CC → parameter, or NONE
    "queues": (np.dtype(np.int64), (PATCHES, KEYS, DEPTH)),  # slots to come, in order
    "slots": (SLOT, (SLOTS,)),
    "slot_life": (np.dtype(np.int64), (SLOTS,)),
    "free": (np.dtype(np.int64), (SLOTS,)),  # a stack per patch, at its `first_slot`
    "voices": (VOICE, (VOICES,)),
    "pending": (EVENT, (PENDING,)),
    "control_ring": (EVENT, (RING_SIZE,)),
    "control_cursors": (np.dtype(np.int64), (CURSORS,)),
    "sources": (SOURCE, (SOURCES,)),  # the rings that events come from
    "cycle_ring": (EVENT, (RING_SIZE,)),  # what JACK brought with this very cycle
    "cycle_cursors": (np.dtype(np.int64), (CURSORS,)),
    "ear_ring": (EVENT, (RING_SIZE,)),  # what the analysis thread plays
    "ear_cursors": (np.dtype(np.int64), (CURSORS,)),
    "request_ring": (np.dtype(np.int64), (SLOTS,)),
    "request_cursors": (np.dtype(np.int64), (CURSORS,)),
    "tap_ring": (np.dtype(np.float32), (TAP_FRAMES, OUTPUTS)),
    "tap_cursors": (np.dtype(np.int64), (CURSORS,)),
    "tracks": (TRACK, (TRACKS,)),
    "track_life": (np.dtype(np.int64), (TRACKS,)),
    "track_cursors": (np.dtype(np.int64), (TRACKS, CURSORS)),
    "bindings": (BINDING, (PATCHES,)),
    "filters": (np.dtype(np.float32), (TABLE_SIZE,)),
    "envelope": (np.dtype(np.float64), (SEGMENT,)),  # of the voice being rendered
    "mix": (np.dtype(np.float64), (SEGMENT, OUTPUTS)),
    "flight_ring": (EVENT, (FLIGHT_EVENTS,)),
    "flight_cursors": (np.dtype(np.int64), (CURSORS,)),
    "logged": (EVENT, (1,)),  # the line being written for the flight recorder
    "event": (EVENT, (1,)),  # the message being read
    "ticks": (np.dtype(np.int64), (2,)),  # where the audio thread reads the clock
    "worker_ticks": (np.dtype(np.int64), (2,)),
    "worker_allowance": (ALLOWANCE, (1,)),
    "request": (np.dtype(np.int64), (1,)),  # where the worker pops into
    "stop": (np.dtype(np.int64), (1,)),  # ends the worker
    "unheard": (np.dtype(np.float32), (UNHEARD, OUTPUTS)),  # where there is no output
    "inputs": (INPUTS, (1,)),
    **stream_arrays(PATCHES),
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
        if midi is None:
            midi = np.zeros(RING_SIZE, EVENT), new_cursors()
        self.midi_ring, self.midi_cursors = midi
        self._add_sources("control", "midi", "cycle", "ear")
        self._set_up(sample_rate, polyphony)

    def _add_sources(self, *names: str) -> None:
        for source, name in zip(self.sources, names, strict=False):
            ring, cursors = (
                getattr(self, f"{name}_ring"),
                getattr(self, f"{name}_cursors"),
            )
            source["ring"], source["places"] = ring.ctypes.data, len(ring)
            source["cursors"] = cursors.ctypes.data

    def _set_up(self, sample_rate: float, polyphony: int) -> None:
        self.filters[:] = filter_table()
        self.master["sample_rate"] = sample_rate
        self.master["polyphony"] = polyphony
        self.master["gain"] = self.master["gain_now"] = 1.0
        self.master["limiter"] = 1.0
        self.channels["patch"] = NONE
        self.channels["volume"] = self.channels["expression"] = 1.0
        for table in (self.programs, self.controls, self.queues):
            table.fill(NONE)
        self.input["sample_rate"] = sample_rate
        self.onset_key[0] = NONE
        self.keys["last"] = self.keys["incoming"] = NONE
        self.voices["slot"] = self.voices["lane"] = NONE
        self.lanes["heard"] = NO_HOP
        self.inbox.fill(NO_HOP)
