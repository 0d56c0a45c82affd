"""The memory of the kind stream: of each of its nodes, and of the thread for all.

A note of such a model has a *lane*: the states that the model carries from hop to hop,
an inbox of hops between the inference thread and the audio thread, and a line, the
sound that is heard now.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.ring import CURSORS
from rtaudio_dl.core.run import RUN
from rtaudio_dl.core.worker import WORKER
from rtaudio_dl.models.stream import STATES

LANES = 80  # of one node: for the most notes that there can be, and those that fade
INBOX = 256  # most hops in a lane's inbox; a node takes what it needs
BATCH = 32  # most lanes in one run
HOP_RING = 4096  # hops that wait for the inference thread; a power of two
HOPS_TAKEN = 256  # of them that it looks at together

# What a lane's inbox holds in the place of a hop: the hop's own number, one of these,
# or the number of an older hop.
NO_HOP = -1
MUTED = -2  # and below, by the hop's number: it came, but it is no sound

LANE = np.dtype(
    [
        ("taken", np.int64),  # by a voice
        ("asked", np.int64),  # hops requested, of all its notes
        ("fresh", np.int64),  # 1 until its note's first request: states are zero there
        ("start", np.int64),  # frame at which the key was struck
        ("delay", np.int64),  # frames from there to the first one heard
        ("next", np.int64),  # hop to request next
        ("age", np.int64),  # frames heard
        ("heard", np.int64),  # hop in the line, or `NO_HOP`
        ("number", np.int64),  # of the strike, counted per key
        ("x", np.float64),  # place between the corners, as it was requested last
        ("y", np.float64),
        ("lifted", np.int64),  # the model has been told that the key is up
        ("quiet", np.int64),  # hops below `_SILENCE` one after the other
        ("gap", np.int64),  # the last hop was not there
    ],
    align=True,
)

# One hop to make: whose it is, and what was asked for at its frame.
HOP = np.dtype(
    [
        ("node", np.int64),
        ("lane", np.int64),  # or NONE: it is made
        ("number", np.int64),  # of the hop in its note
        ("fresh", np.int64),  # states are zero
        ("key", np.int64),
        ("strike", np.int64),
        ("pitch", np.float64),  # MIDI note number with bend: 69 is 440 Hz
        ("velocity", np.float64),
        ("gate", np.float64),  # 1 while the key is held
        ("x", np.float64),
        ("y", np.float64),
    ],
    align=True,
)

# How a node's stream runs, and its lanes. Times in frames are the engine's, sizes
# count float32.
_NUMBER = np.dtype(np.int64)
STREAM = np.dtype(
    [
        ("shared", np.uintp),  # of `SHARED`
        ("seed", np.uint64),
        ("rate", np.float64),  # Hz, of the model
        ("hop", np.int64),  # frames of the model
        ("step", np.float64),  # of its frames in one of the engine's
        ("hop_frames", np.float64),  # of the engine in a hop
        ("glide", np.float64),  # part of the way that x and y go in a hop
        ("shortest", np.int64),  # hops for which the gate is open at least
        ("hush", np.int64),  # quiet hops after which a released note has ended
        ("latency", np.int64),  # frames from the strike to the sound
        ("lag", np.int64),  # those of them that the filter takes
        ("lead", np.int64),  # by which hops but the first are asked for earlier
        ("inbox", np.int64),  # hops
        ("filter", np.uintp),  # table of `dsp/causal_filter.py`
        ("taps", np.int64),
        ("lines", np.uintp),  # (LANES, taps + hop)
        ("inboxes", np.uintp),  # (LANES, inbox, hop)
        ("states", np.uintp),  # (LANES, state_size)
        ("state_size", np.int64),
        ("corners", np.uintp),  # (4, timbre_size)
        ("timbre_size", np.int64),
        ("noise_size", np.int64),
        # memory of one batch; 0 where the model has no such input
        ("pitch", np.uintp),
        ("velocity", np.uintp),
        ("gate", np.uintp),
        ("timbre", np.uintp),
        ("noise", np.uintp),
        ("audio", np.uintp),  # (BATCH, hop)
        ("state_count", np.int64),
        ("state_sizes", np.int64, (STATES,)),  # of one lane
        ("states_in", np.uintp, (STATES,)),
        ("states_out", np.uintp, (STATES,)),
        # the model; its values are (BATCH / grain, inputs) and (BATCH / grain, outputs)
        ("grain", np.int64),  # sizes of a batch are its multiples
        ("model", RUN, (1,)),
        # its notes
        ("lane", LANE, (LANES,)),
        ("lanes_done", _NUMBER, (LANES,)),  # hops made, of all notes
        ("inbox_words", _NUMBER, (LANES * INBOX,)),  # numbers of the hops
    ],
    align=True,
)

SHARED = np.dtype(
    [
        ("worker", WORKER, (1,)),
        ("hop_ring", HOP, (HOP_RING,)),
        ("hop_cursors", _NUMBER, (CURSORS,)),
        ("hop", HOP, (1,)),  # the request being written
        ("hops_taken", HOP, (HOPS_TAKEN,)),  # where the inference thread pops into
        ("batch", _NUMBER, (BATCH,)),  # those of them in the run
    ],
    align=True,
)
