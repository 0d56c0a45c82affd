"""A progress bar around anything that is gone through once."""

from __future__ import annotations

from collections.abc import Iterable


def bar(items: Iterable) -> Iterable:
    """The same items, with a bar on the terminal while they are gone through."""
    from tqdm import tqdm

    return tqdm(items, unit="", leave=False)
