"""The way between two timbres of a streaming model, rendered step by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtaudio_dl.errors import PatchError
from rtaudio_dl.host.host import Host
from rtaudio_dl.patches.patch import parse_patch

STEPS = (2, 64)
KEYS = (0, 127)
SECONDS = (0.1, 60.0)  # that a note is held
RELEASE_SECONDS = 1.0  # that is rendered after it
SETTLE_SECONDS = 0.2  # until the way is where it was set
GAIN = 0.7


@dataclass(frozen=True)
class Step:
    """One note on the way: ``place`` is 0 at the first timbre and 1 at the second."""

    place: float
    audio: np.ndarray  # float32 (frames, 2)


def render_way(
    first: str,
    second: str,
    steps: int = 8,
    model: str = "notes",
    key: int = 60,
    velocity: float = 0.8,
    seconds: float = 2.0,
    sample_rate: int = 48_000,
) -> list[Step]:
    """Notes from one timbre to another, evenly spaced, played by the engine.

    Timbres are named as in a patch. Raises PatchError for what cannot be.
    """
    _check("steps", steps, *STEPS)
    _check("key", key, *KEYS)
    _check("seconds", seconds, *SECONDS)
    patch = parse_patch(
        {
            "model": model,
            "morph": {"corners": [first, second]},
            "parameters": {"gain": GAIN, "brightness": 0.0, "velocity_curve": 0.0},
            "keyboard": {"low": key, "high": key},
        },
        "morph",
        "morph",
    )
    found = []
    with Host(sample_rate, polyphony=4, provider="cpu") as host:
        instrument = host.load(patch)
        for place in np.linspace(0.0, 1.0, steps):
            host.panic()
            host.set("x", float(place), instrument)
            host.render(SETTLE_SECONDS)
            host.note_on(key, velocity)
            held = host.render(seconds)
            host.note_off(key)
            after = host.render(RELEASE_SECONDS)
            found.append(Step(float(place), np.concatenate([held, after])))
    return found


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise PatchError(f"{name} is {value}; allowed: {low:g} to {high:g}")
