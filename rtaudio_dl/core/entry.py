"""Entries: kernels with a C signature, which drivers, threads and Python call.

A signature is text: the result, then the arguments, each one of

``v``   nothing (a result only)
``p``   an address          ``i``, ``u``   32 bits, signed or not
``w``   64 bits, signed     ``d``          a double
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from rtaudio_dl.core.kernel import Kernel, Memory, entries

C_TYPES = {
    "v": None,
    "p": ctypes.c_size_t,
    "i": ctypes.c_int32,
    "u": ctypes.c_uint32,
    "w": ctypes.c_int64,
    "d": ctypes.c_double,
}


class Entry:
    """A function of C made of a kernel; call it, or hand its `address` over.

    Called from Python it takes `Memory` and arrays in the place of their addresses, and
    lets go of the GIL. Its code is there, or is compiled, when it is first asked for:
    `objects.prepare` does that for many at once.
    """

    def __init__(self, function: Callable, signature: str):
        self.kernel = Kernel(function)
        self.signature = signature
        self.module, self.name = function.__module__, function.__name__
        functools.update_wrapper(self, function)
        entries.setdefault(self.module, {})[self.name] = self

    @functools.cached_property
    def address(self) -> int:
        """Where its code is."""
        from rtaudio_dl.core import objects

        return objects.address_of(self)

    @functools.cached_property
    def _function(self) -> Any:
        result, *arguments = (C_TYPES[kind] for kind in self.signature)
        return ctypes.CFUNCTYPE(result, *arguments)(self.address)

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*map(_word_of, arguments))

    def __repr__(self) -> str:
        return f"<entry {self.module}.{self.name}>"


def _word_of(value: Any) -> Any:
    if isinstance(value, Memory):
        return value.address
    if isinstance(value, np.ndarray):
        return value.ctypes.data
    return value


def rt_entry(signature: str) -> Callable[[Callable], Entry]:
    """Make an entry of a function of words: ``@rt_entry("wpd")``: int64 f(p, d)."""
    return functools.partial(Entry, signature=signature)
