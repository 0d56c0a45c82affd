"""How a real-time kernel is compiled: a decorator, a set of options, a registry."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core.ccallback import CFunc
from numba.core.typing.templates import Signature

# No "nnan"/"ninf": kernels test for NaN and Inf. "reassoc" lets the resampler's dot
# product use vector registers; the sum is the same for any split into blocks.
FAST_MATH = {"contract", "reassoc", "nsz", "arcp"}

# Without Numba's runtime ("_nrt") no array can be allocated and none is counted: an
# engine of 34 arrays would cost 68 atomic operations per call. Inlining saves copies.
_OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": FAST_MATH,
    "forceinline": True,
    "_nrt": False,
}

kernels: list[Any] = []  # every real-time kernel, for the test that reads their code


def rt_kernel(function: Callable) -> Any:
    """Compile a function for the real-time world; cached on disk, free of the GIL."""
    kernel = numba.njit(**_OPTIONS, cache=True)(function)
    _stamp_with_all_sources(kernel, function)
    kernels.append(kernel)
    return kernel


def rt_callback(signature: Signature) -> Callable[[Callable], CFunc]:
    """Compile a function that C calls; `.address` is what to hand over."""

    def compile_callback(function: Callable) -> CFunc:
        options = {"nopython": True, "error_model": "numpy", "_nrt": False}
        callback = CFunc(function, (signature.args, signature.return_type), {}, options)
        callback.enable_caching()
        _stamp_with_all_sources(callback, function)
        callback.compile()
        return callback

    return compile_callback


def _stamp_with_all_sources(compiled: Any, function: Callable) -> None:
    # Numba's cache looks at the kernel's own file only, but a kernel holds the code of
    # the kernels that it calls, from other files: a stale cache after an update would
    # play old code. So every cached kernel is stamped with all sources of this folder
    # and of its own.
    folder = Path(function.__code__.co_filename).parent
    compiled._cache._cache_file._source_stamp = _digest_of(
        Path(__file__).parent, folder
    )


@functools.cache
def _digest_of(*folders: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted({path for folder in folders for path in folder.glob("*.py")}):
        digest.update(path.read_bytes())
    return digest.hexdigest()
