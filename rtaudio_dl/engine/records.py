"""The records of the engine: what one element of each of its arrays holds.

How many there are of each is in `engine/layout.py`; a kind's own are in its folder.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.clock import CLOCK

OUTPUTS = 2  # audio channels
# How an engine that is rendered offline gets what its nodes ask for: it makes that
# itself, between blocks; or worker threads do, and it waits for what a block needs.
ALONE, THREADED = 1, 2
LOUDEST = 4.0  # beyond it a model is broken, and would only hold the limiter down

MASTER = np.dtype(
    [
        ("address", np.uintp),  # of the engine, for calls by address
        ("frame", np.int64),  # of the next block's first frame
        ("sample_rate", np.float64),  # Hz
        ("fixed", np.int64),  # placement: 0 asap, 1 fixed
        ("delay", np.int64),  # frames, added to every event in fixed placement
        ("polyphony", np.int64),
        ("alone", np.int64),  # `ALONE`, `THREADED`: rendered offline; 0: live
        ("threaded", np.int64),  # worker threads run beside an offline renderer
        ("pending", np.int64),  # events waiting,
        ("first", np.int64),  # from here on in `Engine.pending`
        ("applying", np.int64),  # 1 while an event is applied
        ("emitted", np.int64),  # events that nodes made
        ("serial", np.int64),  # of the newest voice
        ("tap_was_on", np.int64),
        # master section
        ("gain", np.float64),
        ("gain_now", np.float64),
        ("limiter", np.float64),
        ("peak", np.float64, (OUTPUTS,)),  # meter, falls by itself
        ("dc_in", np.float64, (OUTPUTS,)),
        ("dc_out", np.float64, (OUTPUTS,)),
        ("residue", np.float64, (OUTPUTS,)),  # of voices cut off: fades out
        # a delay-locked loop from callback times to frames
        ("clock", CLOCK, (1,)),
        ("loop_frame", np.int64),
        ("loop_time", np.float64),  # ns, of `loop_frame`
        ("loop_period", np.float64),  # ns per frame
        ("loop_started", np.int64),
        ("loop_since", np.int64),  # frame at which it started
    ],
    align=True,
)

# One node of the graph: an instrument, an effect, the tracks, the master section. Its
# kind's functions are called by address; what a kind has no use for is 0.
NODE = np.dtype(
    [
        ("process", np.uintp),  # void f(engine, node, frames): adds to `Engine.mix`
        ("take", np.uintp),  # int64 f(engine, node, key): what a note needs, or NONE
        ("end", np.uintp),  # void f(engine, node, what was taken)
        ("sweep", np.uintp),  # int64 f(engine, node): once a block; 1: it may go
        ("serve", np.uintp),  # int64 f(engine, node): make what it asked for, offline
        ("lacking", np.uintp),  # int64 f(engine, node): 0 when it can play
        ("event", np.uintp),  # void f(engine, node, event): after the engine
        # void f(engine, node, frames): emits the events of as many frames from
        # `planned` on, before they are made; each frame comes once
        ("plan", np.uintp),
        ("planned", np.int64),
        ("state", np.uintp),  # memory of its own
        ("input", np.int64),  # bus, or NONE; both as the order of this block says
        ("output", np.int64),  # bus
        ("gain", np.float64),  # linear, of its output
        ("pan", np.float64),  # -1..1
        ("left", np.float64),  # gains as they are now
        ("right", np.float64),
        ("bypass", np.int64),  # its input goes on instead, as late as its output would
        ("wet", np.float64),  # 1..0 while it goes
        ("latency", np.int64),  # frames from its input to its output
        ("voices", np.int64),  # that sound or wait
        ("one_shot", np.int64),  # note-off does nothing
        # delay lines, float64 (frames, OUTPUTS): of its input, for the bypass, and of
        # its output, so that lanes end together
        ("dry", np.uintp),
        ("dry_frames", np.int64),
        ("aligned", np.uintp),
        ("aligned_frames", np.int64),
    ],
    align=True,
)

# One step of the order in which nodes run.
WAY = np.dtype(
    [
        ("node", np.int64),  # or NONE: the end
        ("input", np.int64),  # bus, or NONE
        ("output", np.int64),  # bus
    ],
    align=True,
)

CHANNEL = np.dtype(
    [
        ("node", np.int64),  # that it plays, or NONE
        ("bend", np.float64),  # -1..1
        ("sustain", np.int64),
        ("volume", np.float64),  # gain
        ("expression", np.float64),  # gain
        ("pan", np.float64),  # -1..1
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
        ("next", np.int64),  # number of its next sound
    ],
    align=True,
)

VOICE = np.dtype(
    [
        ("life", np.int64),
        ("serial", np.int64),
        ("channel", np.int64),
        ("key", np.int64),
        ("node", np.int64),
        ("place", np.int64),  # what its node took for it
        ("velocity", np.float64),
        ("asked", np.int64),  # frame at which it was struck
        ("stage", np.int64),
        ("released", np.int64),  # the key is up
        ("sustained", np.int64),  # the pedal holds it
        ("gate", np.int64),  # frames that it sounds at least
        ("level", np.float64),  # envelope, 0..1
        ("fade", np.float64),  # steal and choke fade, 1..0
        ("loud", np.float64),  # peak of what it plays now, 1 where that is not known
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
    ],
    align=True,
)

# What a parameter may be, how a MIDI control moves it, how fast it follows.
RANGE = np.dtype(
    [
        ("low", np.float64),
        ("high", np.float64),
        ("curve", np.int64),  # of `engine/parameters.py`
        ("scale", np.float64),  # what a control of 1 means, for curves that need it
        ("smoothing", np.float64),  # s, time constant; 0: at once
    ],
    align=True,
)

# A note that begins, for the node that it is for.
STRIKE = np.dtype(
    [("channel", np.int64), ("key", np.int64), ("velocity", np.float64)], align=True
)
