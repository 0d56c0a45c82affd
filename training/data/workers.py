"""Work on many files at once, in processes that load TensorFlow for TFRecord only."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def spread(
    work: Callable[[Any], Any], items: Sequence[Any], processes: int = 0
) -> Iterator[Any]:
    """Results of ``work`` in the order of ``items``; 0 processes: one for each core."""
    count = min(processes or os.cpu_count() or 1, len(items))
    if count <= 1:
        yield from map(work, items)
        return
    # Started anew, not forked: a fork of TensorFlow's threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        yield from pool.map(work, items)
