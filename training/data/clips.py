"""Which sound clips a run is of, and how each is made ready, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from training.run.config import between, texts


@dataclass(frozen=True)
class ClipData:
    """Which sounds, and how each is made ready.

    ``licences`` lists what may be trained on (empty: everything, for private use);
    ``aliases`` renames classes; ``exclude`` are glob patterns of paths to leave out;
    ``speeds`` are extra playback speeds at which each training sound is stored too;
    ``balance`` is 0 for sampling by clip, 1 for sampling every class equally often.
    """

    source: str = "input/drums"
    cache: str = "runs/cache"
    sample_rate: int = between(16_000, 4_000, 192_000)
    frames: int = between(16_384, 64, 1 << 20)
    classes: tuple[str, ...] = ()
    aliases: MappingProxyType = texts()
    exclude: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    speeds: tuple[float, ...] = ()
    balance: float = between(0.5, 0, 1)
    onset_db: float = between(-26.0, -120, 0)
    pre_onset: int = between(32, 0, 1 << 16)
    fade_in: int = between(16, 0, 1 << 16)
    fade_out: int = between(512, 0, 1 << 20)
    peak: float = between(0.9, 0.01, 1)
