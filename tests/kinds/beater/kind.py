"""The kind, as a registry finds it."""

from __future__ import annotations

from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.kinds.installed import Installed, write_instrument, write_node
from tests.kinds.beater import entries

ENTRIES = (entries.__name__,)
KEY, CHANNEL, HELD = 36, 9, 3000


def provider(_asked: str) -> str:
    """Nothing is to be run."""
    return "cpu"


def install(engine, patch, model, place) -> Installed:
    """Write it into an unused node."""
    installed = Installed(patch, model, place, Memory(entries.BEATER))
    memory = installed.memory
    memory.key[0], memory.channel[0], memory.held[0] = KEY, CHANNEL, HELD
    write_node(engine, installed, entries)
    write_instrument(engine, installed)
    return installed
