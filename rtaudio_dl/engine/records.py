"""The records of the engine: what one element of each of its arrays holds.

How many there are of each is in `engine/layout.py`; those of streams are in
`kinds/stream/layout.py`.
"""

from __future__ import annotations

import numpy as np

OUTPUTS = 2  # audio channels

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
        ("requested", np.int64),  # since the inference thread was woken
        ("tap_was_on", np.int64),
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

# Where events come from: a ring with one producer; the engine reads it.
SOURCE = np.dtype(
    [
        ("ring", np.uintp),  # of `EVENT`
        ("cursors", np.uintp),
        ("places", np.int64),  # a power of two; 0: no source
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
        ("long", np.int64),  # a run takes longer than `LONG_SECONDS`
    ],
    align=True,
)
