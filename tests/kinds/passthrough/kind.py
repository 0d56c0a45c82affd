"""What the host asks of a kind."""

from __future__ import annotations

from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.kinds.installed import Installed, write_node
from rtaudio_dl.models.card import Card
from rtaudio_dl.models.model import Model
from rtaudio_dl.patches.patch import Patch
from tests.kinds.passthrough import entries

ENTRIES = (entries.__name__,)


def check(card: Card) -> None:
    """Any effect will do."""


def provider(asked: str) -> str:
    """Its model is never run."""
    return "cpu"


def describe(card: Card) -> list[tuple[str, str]]:
    """There is nothing to say."""
    return []


def install(engine: Engine, patch: Patch, model: Model, place: int) -> Installed:
    """Write the node."""
    installed = Installed(patch, model, place, Memory(entries.PASSED))
    write_node(engine, installed, entries)
    return installed
