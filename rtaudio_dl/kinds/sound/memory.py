"""The memory of the kind sound: of each of its nodes, and of the thread for all.

A node's record points to what all of them share: the ring of requests, and the worker.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.ring import CURSORS
from rtaudio_dl.core.run import RUN
from rtaudio_dl.core.worker import WORKER
from rtaudio_dl.engine.layout import KEYS

SLOTS = 1024  # sounds of one node
DEPTH = 4  # most sounds that a key keeps ready
REQUESTS = 1 << 14  # that wait, of all nodes; a power of two

POOLED, FRESH, FROZEN = range(3)  # freshness

# Life of a slot. The worker makes REQUESTED → READY, the audio thread all the rest.
FREE, REQUESTED, READY = range(3)

SLOT = np.dtype(
    [
        ("address", np.uintp),  # of `length` float32 between zeros of `PADDING` frames
        ("length", np.int64),
        ("key", np.int64),
        ("number", np.int64),  # of the strike, counted per key
        ("block", np.int64),  # in which it was asked for
        ("users", np.int64),  # voices, and the key's `last`
        ("queued", np.int64),  # 1 while it waits for a strike
        ("morph", np.float64),
        ("variation", np.float64),
        ("velocity", np.float64),
    ],
    align=True,
)

SOUND_KEY = np.dtype(
    [
        ("latent", np.int64),  # number of its place in the latent space
        ("last", np.int64),  # slot of the sound struck last, or NONE
        ("incoming", np.int64),  # slot that will replace a stale one, or NONE
    ],
    align=True,
)

_NUMBER = np.dtype(np.int64)
SOUND = np.dtype(
    [
        ("shared", np.uintp),  # of `SHARED`
        ("seed", np.uint64),
        ("freshness", np.int64),
        ("depth", np.int64),
        ("rate", np.float64),  # Hz, of the model's sounds
        ("slot_count", np.int64),
        ("free_count", np.int64),  # free slots, on top of `free`
        ("sweep_key", np.int64),  # where the next sweep begins
        ("sweep_slot", np.int64),
        # the model
        ("model", RUN, (1,)),
        ("sounds", np.uintp),  # one OrtValue per slot
        ("latent", np.uintp),
        ("latent_size", np.int64),
        ("uniform", np.int64),  # latent in (-1, 1) rather than normal
        ("class_count", np.int64),
        ("class_input", np.uintp),
        ("class_table", np.uintp),  # (128, class_count) float32: what each key is
        ("pitch", np.uintp),
        ("velocity", np.uintp),
        ("long", np.int64),  # a run takes longer than `LONG_SECONDS`
        # its sounds
        ("keys", SOUND_KEY, (KEYS,)),
        ("queues", _NUMBER, (KEYS, DEPTH)),  # slots to come, in order
        ("slots", SLOT, (SLOTS,)),
        ("slot_life", _NUMBER, (SLOTS,)),
        ("free", _NUMBER, (SLOTS,)),  # a stack
    ],
    align=True,
)

# A request is a word: the node times SLOTS, plus the slot.
SHARED = np.dtype(
    [
        ("worker", WORKER, (1,)),
        ("request_ring", _NUMBER, (REQUESTS,)),
        ("request_cursors", _NUMBER, (CURSORS,)),
        ("request", _NUMBER, (1,)),  # where the worker pops into
    ],
    align=True,
)
