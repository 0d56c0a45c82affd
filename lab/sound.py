"""The sound that latencies are measured with: the same one at each strike.

It is the shipped kit's driest sound, without variation and cut short, so that each note
is the same to the sample, the one before has died away when the next begins, and it is
known how many of its own frames pass before it can be heard.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from lab.onsets import onset
from rtaudio_dl.host.host import Host
from rtaudio_dl.patches.patch import Patch, find_patch

PATCH = "drums"
STREAM_PATCH = "notes"
KEY = 37  # side stick
NOTE_ON = bytes((0x90, KEY, 127))
SECONDS = 0.2  # after which it is below -90 dB of its peak
_PARAMETERS = {"variation": 0.0, "brightness": 0.0, "decay": 0.02, "sustain": 0.0}
_DRY = {"release": 0.008, "x": 0.0, "y": 0.0}


def dry_patch(freshness: str = "pooled") -> Patch:
    """The shipped kit with one key, its sound dry and always the same."""
    patch = find_patch(PATCH)
    return dataclasses.replace(
        patch,
        keys={KEY: dataclasses.replace(patch.keys[KEY], pan=0.0)},
        parameters=patch.parameters | _PARAMETERS,
        freshness=freshness,
    )


def dry_stream() -> Patch:
    """The shipped stream; its notes are gone soon after their keys are up."""
    patch = find_patch(STREAM_PATCH)
    return dataclasses.replace(patch, parameters=patch.parameters | _DRY)


@dataclasses.dataclass(frozen=True)
class Sound:
    """``audio`` is float32 (frames, 2); ``lead`` the frames before it is heard."""

    audio: np.ndarray
    lead: int


def struck(sample_rate: int) -> Sound:
    """The sound as the engine plays it, rendered offline from its first frame on."""
    with Host(sample_rate) as host:
        host.load(dry_patch())
        host.note_on(KEY, 1.0, at=0.0)
        audio = host.render(SECONDS)
    return Sound(audio, onset(audio))
