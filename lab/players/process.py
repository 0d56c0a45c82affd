"""The process of a player: it opens, tells how it does, and keeps itself busy.

Every player has ``open`` (returns facts), ``counts``, ``burden`` and ``unburden`` (see
`loads`), and ``close``.
"""

from __future__ import annotations

import sys
from importlib import import_module

from lab.child import serve

_CLASSES = {
    "ours": ("ours", "Ours"),
    "jack": ("jack_callback", "JackCallback"),
    "sounddevice": ("sounddevice_callback", "SounddeviceCallback"),
    "rtmixer": ("rtmixer_queue", "RtmixerQueue"),
    "fluidsynth": ("fluidsynth", "FluidSynth"),
}


def main() -> None:
    """Be the player that the first argument names."""
    module, name = _CLASSES[sys.argv[1]]
    path = f"lab.players.{module}"
    serve(lambda: getattr(import_module(path), name)())
