"""Histories: rings that are overwritten, with one writer and any number of readers.

A reader takes nothing away and holds nothing up; it sees that it was too slow. `BEGUN`
says up to where cells may be changing, `WRITTEN` up to where they are whole: what was
copied is true if no writer had begun to overwrite it by then (a seqlock; Boehm, "Can
seqlocks get along with programming language memory models?", MSPC 2012).
"""

from __future__ import annotations

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import fence, store_release

BEGUN, WRITTEN = 0, 8  # on cache lines of their own
HISTORY_WORDS = 16


@rt_kernel
def begin_writing(words, count):
    """Say that ``count`` cells are about to change; the number of the first. [writer]

    Cell *n* is at ``n & (size - 1)``; `end_writing` says that they are whole.
    """
    written = words[WRITTEN]
    store_release(words, BEGUN, written + count)
    fence()
    return written


@rt_kernel
def end_writing(words, count):
    """Say that ``count`` cells more are whole. [writer]"""
    store_release(words, WRITTEN, words[WRITTEN] + count)
