"""An entry that means nothing, for tests that change and damage its object."""

from __future__ import annotations

from rtaudio_dl.core.entry import rt_entry


@rt_entry("ww")
def doubled(n):
    return 2 * n


@rt_entry("ddd")
def summed(a, b):
    return a + b
