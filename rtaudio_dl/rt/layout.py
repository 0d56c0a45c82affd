"""The memory of the engine: what one structured array holds, and the tuple of all.

Everything is allocated here, once, before sound starts. Kernels get an `Engine` tuple
of arrays; the C callbacks get one address, from which `rt/callback.py` builds the same
tuple.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from rtaudio_dl.rt.counters import AUDIO_COUNTERS, STREAM_COUNTERS, WORKER_COUNTERS
from rtaudio_dl.rt.events import EVENT, RING_SIZE
from rtaudio_dl.rt.input import INPUT_ARRAYS
from rtaudio_dl.rt.resampler import TABLE_SIZE, filter_table
from rtaudio_dl.rt.ring import CURSORS
from rtaudio_dl.rt.stream_layout import (
    BATCH,
    HOP,
    HOP_RING,
    INBOX,
    LANE,
    LANES,
    NO_HOP,
    STREAM,
)
from rtaudio_dl.rt.track import TRACK, TRACKS

CHANNELS = 16  # of MIDI
OUTPUTS = 2  # audio channels
KEYS = 128
PATCHES = 8  # loaded at once
PROGRAMS = 128
SLOTS = 8192  # sounds in memory, all patches together
VOICES = 96  # places; `MASTER.polyphony` of them may hold notes, the rest fade out
DEPTH = 4  # most sounds that a key keeps ready
PENDING = 8192  # events that wait for their frame
SEGMENT = 128  # most frames between two looks at the events
TAP_FRAMES = 1 << 20  # 21 s at 48 kHz, for the writer thread to be away
NOTE_LOG = 4096
UNHEARD = 1024  # frames of output for nobody, of a device that only listens
FLIGHT_EVENTS = 1 << 16  # of the flight recorder's ring
HOPS_TAKEN = 256  # requests that the thread for streams looks at together

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

# Life of a voice.
IDLE, WAITING, SOUNDING = range(3)
# Stages of its envelope.
STAGE_ATTACK, STAGE_DECAY, STAGE_RELEASE, STAGE_FADE = range(4)

MASTER = np.dtype(
    [
        ("frame", np.int64),  # of the next block's first frame
        ("sample_rate", np.float64),  # Hz
        ("fixed", np.int64),  # placement: 0 asap, 1 fixed
        ("delay", np.int64),  # frames, added to every event in fixed placement
        ("polyphony", np.int64),
        ("pending", np.int64),  # events waiting,
        ("first", np.int64),  # from here on in `Engine.pending`
        ("serial", np.int64),  # of the newest voice
        ("sweep", np.int64),  # where the pool's next sweep begins
        ("sweep_slot", np.int64),
        ("tap_on", np.int64),
        ("tap_was_on", np.int64),
        ("flight_on", np.int64),
        # master section
        ("gain", np.float64),
        ("gain_now", np.float64),
        ("limiter", np.float64),
        ("peak", np.float64, (OUTPUTS,)),  # meter, falls by itself
        ("dc_in", np.float64, (OUTPUTS,)),
        ("dc_out", np.float64, (OUTPUTS,)),
        ("residue", np.float64, (OUTPUTS,)),  # of voices cut off: fades out
        # clock: a delay-locked loop from callback times to frames
        ("clock_address", np.uintp),  # int clock_gettime(int, int64[2]) or its like
        ("clock_id", np.int64),
        ("thread_clock_id", np.int64),  # of the thread's processor time, or NONE
        ("clock_tick", np.float64),  # nanoseconds per tick; 0: seconds and nanoseconds
        ("loop_frame", np.int64),
        ("loop_time", np.float64),  # ns, of `loop_frame`
        ("loop_period", np.float64),  # ns per frame
        ("loop_started", np.int64),
        ("loop_since", np.int64),  # frame at which it started
        # the inference thread's semaphore
        ("post_address", np.uintp),
        ("wait_address", np.uintp),
        ("semaphore", np.uintp),
        ("stream_semaphore", np.uintp),  # that of the thread for streams
    ],
    align=True,
)

CHANNEL = np.dtype(
    [
        ("patch", np.int64),
        ("bend", np.float64),  # -1..1
        ("sustain", np.int64),
        ("volume", np.float64),  # gain
        ("expression", np.float64),  # gain
        ("pan", np.float64),  # -1..1
    ],
    align=True,
)

PATCH = np.dtype(
    [
        ("life", np.int64),
        ("seed", np.uint64),
        ("freshness", np.int64),
        ("depth", np.int64),
        ("one_shot", np.int64),  # note-off does nothing
        ("stream", np.int64),  # its notes have lanes, not slots
        ("rate", np.float64),  # Hz, of the model's sounds
        ("first_slot", np.int64),
        ("slots", np.int64),
        ("free", np.int64),  # free slots, on top of `Engine.free` from `first_slot`
    ],
    align=True,
)

KEY = np.dtype(
    [
        ("mapped", np.int64),
        ("shift", np.float64),  # semitones from the model's own pitch
        ("gain", np.float64),
        ("pan", np.float64),
        ("choke", np.int64),  # group, 0: none
        ("latent", np.int64),  # number of its place in the latent space
        ("next", np.int64),  # number of the sound to request next
        ("last", np.int64),  # slot of the sound struck last, or NONE
        ("incoming", np.int64),  # slot that will replace a stale one, or NONE
    ],
    align=True,
)

SLOT = np.dtype(
    [
        ("address", np.uintp),  # of `length` float32 between zeros of `PADDING` frames
        ("length", np.int64),
        ("patch", np.int64),
        ("key", np.int64),
        ("number", np.int64),  # of the strike, counted per key
        ("users", np.int64),  # voices, and the key's `last`
        ("queued", np.int64),  # 1 while it waits for a strike
        ("morph", np.float64),
        ("variation", np.float64),
        ("velocity", np.float64),
    ],
    align=True,
)

VOICE = np.dtype(
    [
        ("life", np.int64),
        ("serial", np.int64),
        ("channel", np.int64),
        ("key", np.int64),
        ("patch", np.int64),
        ("slot", np.int64),  # NONE for a stream,
        ("lane", np.int64),  # NONE for all others
        ("velocity", np.float64),
        ("asked", np.int64),  # frame at which it was struck
        ("stage", np.int64),
        ("released", np.int64),  # the key is up
        ("sustained", np.int64),  # the pedal holds it
        ("gate", np.int64),  # frames that it sounds at least
        ("level", np.float64),  # envelope, 0..1
        ("fade", np.float64),  # steal and choke fade, 1..0
        ("loud", np.float64),  # peak of a stream's hop; 1 for all others
        ("position", np.float64),  # frames of the sound
        ("step", np.float64),  # frames of the sound per frame of output
        ("left", np.float64),
        ("right", np.float64),
        ("filter", np.float64),  # state of the low-pass
        ("bright", np.float64),  # its coefficient, 1: open
        ("tail_left", np.float64),  # last sample given
        ("tail_right", np.float64),
    ],
    align=True,
)

# One line per note that began to sound.
NOTE = np.dtype(
    [
        ("frame", np.int64),  # at which it began
        ("asked", np.int64),  # at which it was struck
        ("key", np.int32),
        ("channel", np.int32),
        ("patch", np.int32),
        ("number", np.int32),  # of the key's sound
        ("velocity", np.float64),
    ],
    align=True,
)

BINDING = np.dtype(
    [
        ("run", np.uintp),  # OrtApi::Run
        ("release_status", np.uintp),  # OrtApi::ReleaseStatus
        ("session", np.uintp),
        ("input_names", np.uintp),
        ("input_values", np.uintp),
        ("inputs", np.int64),
        ("output_names", np.uintp),
        ("output_values", np.uintp),  # one OrtValue per slot of the patch
        ("latent", np.uintp),
        ("latent_size", np.int64),
        ("uniform", np.int64),  # latent in (-1, 1) rather than normal
        ("classes", np.int64),
        ("class_input", np.uintp),
        ("class_table", np.uintp),  # (128, classes) float32: what each key is
        ("pitch", np.uintp),
        ("velocity", np.uintp),
    ],
    align=True,
)

# Every array of an engine: its type and shape. Names in ``_cursors`` belong to the ring
# before them.
ARRAYS: dict[str, tuple[np.dtype, tuple[int, ...]]] = {
    "master": (MASTER, (1,)),
    "counters": (np.dtype(np.int64), (len(AUDIO_COUNTERS),)),
    "worker_counters": (np.dtype(np.int64), (len(WORKER_COUNTERS),)),
    "stream_counters": (np.dtype(np.int64), (len(STREAM_COUNTERS),)),
    "channels": (CHANNEL, (CHANNELS,)),
    "programs": (np.dtype(np.int64), (PROGRAMS,)),  # MIDI program → patch, or NONE
    "patches": (PATCH, (PATCHES,)),
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
    "midi_ring": (EVENT, (RING_SIZE,)),
    "midi_cursors": (np.dtype(np.int64), (CURSORS,)),
    "cycle_ring": (EVENT, (RING_SIZE,)),  # what JACK brought with this very cycle
    "cycle_cursors": (np.dtype(np.int64), (CURSORS,)),
    "ear_ring": (EVENT, (RING_SIZE,)),  # what the analysis thread plays
    "ear_cursors": (np.dtype(np.int64), (CURSORS,)),
    "request_ring": (np.dtype(np.int64), (SLOTS,)),
    "request_cursors": (np.dtype(np.int64), (CURSORS,)),
    "tap_ring": (np.dtype(np.float32), (TAP_FRAMES, OUTPUTS)),
    "tap_cursors": (np.dtype(np.int64), (CURSORS,)),
    "note_ring": (NOTE, (NOTE_LOG,)),
    "note_cursors": (np.dtype(np.int64), (CURSORS,)),
    "tracks": (TRACK, (TRACKS,)),
    "track_life": (np.dtype(np.int64), (TRACKS,)),
    "track_cursors": (np.dtype(np.int64), (TRACKS, CURSORS)),
    "bindings": (BINDING, (PATCHES,)),
    "streams": (STREAM, (PATCHES,)),
    "lanes": (LANE, (PATCHES * LANES,)),
    "lanes_done": (np.dtype(np.int64), (PATCHES * LANES,)),  # hops made, of all notes
    "inbox": (np.dtype(np.int64), (PATCHES * LANES * INBOX,)),  # numbers of the hops
    "hop_ring": (HOP, (HOP_RING,)),
    "hop_cursors": (np.dtype(np.int64), (CURSORS,)),
    "filters": (np.dtype(np.float32), (TABLE_SIZE,)),
    "envelope": (np.dtype(np.float64), (SEGMENT,)),  # of the voice being rendered
    "mix": (np.dtype(np.float64), (SEGMENT, OUTPUTS)),
    "flight_ring": (EVENT, (FLIGHT_EVENTS,)),
    "flight_cursors": (np.dtype(np.int64), (CURSORS,)),
    "note": (NOTE, (1,)),  # the line being written
    "logged": (EVENT, (1,)),  # the same for the flight recorder
    "event": (EVENT, (1,)),  # the message being read
    "ticks": (np.dtype(np.int64), (2,)),  # where the audio thread reads the clock
    "worker_ticks": (np.dtype(np.int64), (2,)),
    "request": (np.dtype(np.int64), (1,)),  # where the worker pops into
    "hop": (HOP, (1,)),  # the request being written
    "hops_taken": (HOP, (HOPS_TAKEN,)),  # where the thread for streams pops into
    "batch": (np.dtype(np.int64), (BATCH,)),  # those of them in the run
    "stream_ticks": (np.dtype(np.int64), (2,)),
    "stop": (np.dtype(np.int64), (1,)),  # ends the worker
    "unheard": (np.dtype(np.float32), (UNHEARD, OUTPUTS)),  # where there is no output
    **INPUT_ARRAYS,
}

Engine = namedtuple("Engine", ARRAYS)


def new_engine(
    sample_rate: float,
    polyphony: int = 32,
    midi: tuple[np.ndarray, np.ndarray] | None = None,
) -> Engine:
    """Allocate an engine at rest: ``sample_rate`` in Hz, ``polyphony`` 1..64 voices.

    ``midi`` is a ring of events and its cursors that another process writes, in memory
    shared with it; without it the engine gets one of its own.
    """
    arrays = {name: np.zeros(shape, kind) for name, (kind, shape) in ARRAYS.items()}
    # Touched now: a page that is first met on the audio thread costs it a page fault.
    for array in arrays.values():
        array.view(np.uint8).fill(0)
    if midi is not None:
        arrays["midi_ring"], arrays["midi_cursors"] = midi
    arrays["filters"] = filter_table()
    engine = Engine(**arrays)
    engine.master["sample_rate"] = sample_rate
    engine.master["polyphony"] = polyphony
    engine.master["gain"] = engine.master["gain_now"] = 1.0
    engine.master["limiter"] = 1.0
    engine.channels["patch"] = NONE
    engine.channels["volume"] = engine.channels["expression"] = 1.0
    for table in (engine.programs, engine.controls, engine.queues):
        table.fill(NONE)
    engine.input["sample_rate"] = sample_rate
    engine.onset_trigger["key"] = NONE
    engine.keys["last"] = engine.keys["incoming"] = NONE
    engine.voices["slot"] = engine.voices["lane"] = NONE
    engine.lanes["heard"] = NO_HOP
    engine.inbox.fill(NO_HOP)
    return engine
