"""How a person names a device: a few words of its label, in any case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rtaudio_dl.errors import DeviceError

T = TypeVar("T")


def matches(query: str, label: str) -> bool:
    """Whether every word of the query is part of the label, in any case."""
    return all(word in label.casefold() for word in query.casefold().split())


def choose(
    query: str, items: Sequence[T], label: Callable[[T], str], what: str
) -> list[T]:
    """The items that a query names: those with this very label, or all that match.

    Raises DeviceError that lists the choices when there are none; ``what`` names the
    kind of item in it.
    """
    exact = [i for i in items if label(i).casefold() == query.casefold().strip()]
    found = exact or [i for i in items if matches(query, label(i))]
    if not query.strip() or not found:
        raise DeviceError(f"no {what} matches {query!r}; {choices(items, label)}")
    return found


def choices(items: Sequence[T], label: Callable[[T], str]) -> str:
    """A list for error texts: ``there are: a, b``."""
    return "there are: " + (", ".join(label(i) for i in items) or "none")
