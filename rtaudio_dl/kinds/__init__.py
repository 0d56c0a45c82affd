"""Kinds of model: what is special about each lies in a folder of its own.

A kind is a folder with a module ``kind``; its name stands in `KINDS` or `LISTENING`,
under the kinds of cards that it serves. The module has

``describe(card)``              rows for a person: what the model takes and gives; the
                                first one says it in a line

and, where patches can play it,

``ENTRIES``                     the modules whose entries the engine calls; NODE in
                                `engine/records.py` says which there may be
``check(card)``                 raises ModelError for a card that it cannot play
``install(engine, patch, model, place)``
                                writes the node, returns an `Installed`
``provider(asked)``             the provider that serves it best where ``auto`` is asked

It is imported when a model asks for it. Kinds do not import each other; what
instruments share is in `installed`.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from rtaudio_dl.errors import ModelError

# Kind of a card → folder. One line makes a kind known: those that patches play,
KINDS: dict[str, str] = {
    "oneshot": "rtaudio_dl.kinds.sound",
    "note": "rtaudio_dl.kinds.sound",
    "stream": "rtaudio_dl.kinds.stream",
}

# and those that take sound and tell something of it.
LISTENING: dict[str, str] = {
    "classifier": "rtaudio_dl.kinds.classifier",
    "encoder": "rtaudio_dl.kinds.encoder",
}

# What every engine needs: its own entries, and a node that is always there.
MASTER = "rtaudio_dl.kinds.master.process"
ENGINE = ("rtaudio_dl.core.control", "rtaudio_dl.engine.entries", MASTER)


def all_entries() -> tuple[str, ...]:
    """The modules of all entries that playing and listening can need."""
    kinds = [find_kind(card).ENTRIES for card in KINDS]
    return tuple(dict.fromkeys((*ENGINE, *(m for k in kinds for m in k), *_BESIDE)))


# What plays and listens beside the kinds: sound files, JACK, classifiers, meters.
_BESIDE = (
    "rtaudio_dl.dsp.biquad",
    "rtaudio_dl.io.jack.cycle",
    "rtaudio_dl.io.midi.jack",
    "rtaudio_dl.kinds.classifier.analysis",
    "rtaudio_dl.playback.kernels",
)


def playable() -> tuple[str, ...]:
    """Kinds of cards that a patch can play."""
    return tuple(KINDS)


def find_kind(card_kind: str) -> ModuleType:
    """The module ``kind`` that serves cards of a kind. Raises ModelError."""
    folders = KINDS | LISTENING
    if card_kind not in folders:
        raise ModelError(
            f"nothing here serves a model of kind {card_kind!r}; "
            f"allowed: {', '.join(folders)}"
        )
    return importlib.import_module(f"{folders[card_kind]}.kind")


def find_instrument(card_kind: str) -> ModuleType:
    """The module ``kind`` whose cards a patch can play. Raises ModelError."""
    if card_kind not in KINDS:
        raise ModelError(
            f"no patch plays a model of kind {card_kind!r}; allowed: {', '.join(KINDS)}"
        )
    return find_kind(card_kind)
