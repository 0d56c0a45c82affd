"""A patch with its model, set up by the model's kind in a node of an engine."""

from __future__ import annotations

from rtaudio_dl.core.objects import prepare
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.errors import ModelError
from rtaudio_dl.kinds import find_instrument, playable
from rtaudio_dl.kinds.installed import Installed
from rtaudio_dl.models.library import find_model
from rtaudio_dl.models.model import open_model, read_card
from rtaudio_dl.patches.patch import Patch

Instrument = Installed


def install(engine: Engine, patch: Patch, place: int, provider: str) -> Instrument:
    """Open a patch's model and write the patch into an unused node of an engine.

    Raises ModelError, PatchError, EngineError or DeviceError; the engine is then as
    before.
    """
    path = find_model(patch.model)
    asked, known = read_card(path).kind, playable()
    if asked not in known:
        raise ModelError(f"{path} is of kind {asked}; allowed: {', '.join(known)}")
    kind = find_instrument(asked)
    prepare(kind.ENTRIES)
    model = open_model(path, kind.provider(provider), known)
    try:
        return kind.install(engine, patch, model, place)
    except BaseException:
        model.close()
        raise
