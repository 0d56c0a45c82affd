"""Numbers that people and programs give: refused by value where they cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np

from rtaudio_dl.errors import EngineError, shown

LATEST_SECONDS = 1e9  # in frames of any rate, int64 holds it


def check(name: str, value: Any, low: float, high: float) -> None:
    """Raise EngineError for a value that is no number from ``low`` to ``high``."""
    real = isinstance(value, (int, float, np.integer, np.floating))
    if not real or isinstance(value, bool) or not low <= value <= high:
        raise EngineError(f"{name} is {shown(value)}; allowed: {low:g} to {high:g}")


def check_whole(name: str, value: Any, low: int, high: int) -> None:
    """Raise EngineError for what is no whole number from ``low`` to ``high``."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise EngineError(
            f"{name} is {shown(value)}; allowed: whole numbers from {low} to {high}"
        )
