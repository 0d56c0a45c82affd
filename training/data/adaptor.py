"""What an adaptor is: how one published layout becomes a manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from training.data.manifest import Manifest


@dataclass(frozen=True)
class Adaptor:
    """``build(source, **options)`` reads names and tables, of sounds a header at most.

    ``options`` names the ones it takes. ``rate`` (Hz) and ``seconds`` (shortest,
    longest) are what the audit expects of a file; zeros expect nothing.
    """

    name: str
    about: str
    build: Callable[..., Manifest]
    options: tuple[str, ...] = ()
    rate: int = 0
    seconds: tuple[float, float] = (0.0, 0.0)


def not_as_published(
    found: Mapping[str, int], published: Mapping[str, int]
) -> list[str]:
    """A line for each count that differs from the published one."""
    return [
        f"{what}: {found.get(what, 0)} clips, published: {number}"
        for what, number in published.items()
        if found.get(what, 0) != number
    ]
