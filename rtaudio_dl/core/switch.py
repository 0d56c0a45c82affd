"""A switch that the control side turns, and is told when it has been seen.

Memory that a block may use can go only when no block uses it any more. That a switch
is off does not say so: a block that saw it on may still run. So each turn has a number,
and the audio thread says which one it saw, at the beginning of a block: then all
blocks before are over. The number matters: "off" seen long ago is not this turn's.
"""

from __future__ import annotations

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import load_acquire, store_release

ASKED, SEEN = 0, 8  # on cache lines of their own
SWITCH = 16  # int64 words
MOST = 255  # the greatest value
_NUMBER = 8  # bits below the number of the turn


@rt_kernel
def turn(words, value):
    """Ask for a value 0..`MOST`, from some block on. [control]"""
    number = (load_acquire(words, ASKED) >> _NUMBER) + 1
    store_release(words, ASKED, number << _NUMBER | value)


@rt_kernel
def look(words):
    """The value for the block that begins now; what was before is over. [audio]"""
    asked = load_acquire(words, ASKED)
    store_release(words, SEEN, asked)
    return asked & MOST


@rt_kernel
def asked_value(words):
    """The value that was asked for last. [control]"""
    return load_acquire(words, ASKED) & MOST


@rt_kernel
def is_seen(words):
    """Whether a block has begun since the last turn: none uses the old value. [control]

    Never, where no blocks are played.
    """
    return load_acquire(words, SEEN) == load_acquire(words, ASKED)
