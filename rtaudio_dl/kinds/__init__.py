"""Kinds of model: what is special about each lies in a folder of its own.

A kind of instrument or effect is a folder with a module ``kind``; its name stands in
`KINDS`, under the kinds of cards that it plays. The module has

``ENTRIES``                     the modules whose entries the engine calls
``check(card)``                 raises ModelError for a card that it cannot play
``install(engine, patch, model, place)``
                                writes the node, returns an `Installed`
``provider(asked)``             the provider that serves it best where ``auto`` is asked
``describe(card)``              rows for a person: what the model takes and gives

and may have ``PARAMETERS`` of its own. It is imported when a model asks for it.
Kinds do not import each other; what instruments share is in `installed`.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from rtaudio_dl.errors import ModelError

# Kind of a card → folder. One line makes a kind known.
KINDS: dict[str, str] = {
    "oneshot": "rtaudio_dl.kinds.sound",
    "note": "rtaudio_dl.kinds.sound",
    "stream": "rtaudio_dl.kinds.stream",
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
    """The module ``kind`` that plays cards of a kind. Raises ModelError."""
    if card_kind not in KINDS:
        raise ModelError(
            f"nothing here plays a model of kind {card_kind!r}; "
            f"allowed: {', '.join(KINDS)}"
        )
    return importlib.import_module(f"{KINDS[card_kind]}.kind")
