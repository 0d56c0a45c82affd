"""How the real-time world is written: kernels, intrinsics, and the entries to them.

A *kernel* is a Python function in the subset that Numba compiles; kernels call kernels.
An *entry* is a kernel with a C signature: what drivers, native threads and Python call,
by its address. `core/objects.py` compiles entries to object code, once per machine, and
loads it; a program that finds them there never imports Numba.

So all of these objects are lazy. To Numba they look like its own, through the attribute
`_numba_type_` that it asks any object for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

# No "nnan"/"ninf": kernels test for NaN and Inf. "reassoc" lets the resampler's dot
# product use vector registers; the sum is the same for any split into blocks.
FAST_MATH = {"contract", "reassoc", "nsz", "arcp"}

# Without Numba's runtime ("_nrt") no array can be allocated and none is counted.
_OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": FAST_MATH,
    "forceinline": True,
    "_nrt": False,
}
# What only Python's calls need is left out where C calls.
_BARE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

kernels: list[Kernel] = []  # every one, for the test that reads their code
entries: dict[str, dict[str, Any]] = {}  # module → name → `entry.Entry`


class Kernel:
    """A function of the real-time world; Python may call it, too, and compiles it then.

    Only tests do: everything else calls entries.
    """

    def __init__(self, function: Callable, inline: bool = True):
        self.function, self.inline = function, inline
        functools.update_wrapper(self, function)
        kernels.append(self)

    @functools.cached_property
    def dispatcher(self) -> Any:
        """What Numba makes of it."""
        import numba

        bare = _BARE if compiling_objects() else {}
        options = _OPTIONS | bare | {"forceinline": self.inline}
        return numba.njit(**options)(self.function)

    @property
    def _numba_type_(self) -> Any:
        return self.dispatcher._numba_type_

    def __call__(self, *arguments: Any) -> Any:
        return self.dispatcher(*map(_record_of, arguments))

    def __repr__(self) -> str:
        return f"<kernel {self.__module__}.{self.__qualname__}>"


class Intrinsic:
    """A function that writes LLVM code; see `numba.extending.intrinsic`."""

    def __init__(self, function: Callable):
        self.function = function
        functools.update_wrapper(self, function)

    @functools.cached_property
    def _numba_type_(self) -> Any:
        import numba
        from numba.core.registry import cpu_target

        intrinsic = numba.extending.intrinsic(self.function)
        context = cpu_target.typing_context
        context.refresh()
        return context.resolve_value_type(intrinsic)


def rt_kernel(function: Callable) -> Kernel:
    """Make a kernel of a function; it becomes a part of whoever calls it."""
    return Kernel(function)


def rt_shared_kernel(function: Callable) -> Kernel:
    """Make a kernel that is there once, however many call it: large, called seldom."""
    return Kernel(function, inline=False)


def rt_intrinsic(function: Callable) -> Intrinsic:
    """Make an intrinsic of a function (context, types…) → (type, generator)."""
    return Intrinsic(function)


class Memory:
    """One record of a dtype, zero, and its fields as attributes: arrays over it.

    Kernels take the record; they read ``memory.voices[i]`` as Python does. ``address``
    is what native code is given; the memory lives as long as this object.
    """

    def __init__(self, dtype: np.dtype):
        self.array = np.zeros(1, dtype)
        # Touched now: a page that is first met on the audio thread costs it a fault.
        self.array.view(np.uint8).fill(0)
        self.record = self.array[0]
        self.address = self.array.ctypes.data
        for name in dtype.names:
            field = self.array[name]
            setattr(self, name, field[0] if field.ndim > 1 else field)


def _record_of(value: Any) -> Any:
    return value.record if isinstance(value, Memory) else value


_compiling_objects = False


def compiling_objects(change: bool | None = None) -> bool:
    """Whether kernels are compiled for objects only, as in a process made for it."""
    global _compiling_objects
    if change is not None:
        _compiling_objects = change
    return _compiling_objects
