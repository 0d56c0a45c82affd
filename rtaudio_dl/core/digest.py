"""A digest of compiled code to be: of every function that it calls, and every constant.

Only what an entry reaches counts, so an edit elsewhere compiles nothing anew.
"""

from __future__ import annotations

import hashlib
import platform
import sys
import types
from typing import Any

import numpy as np

# Functions of these are told by the versions of Python, NumPy and Numba.
_FOREIGN = ("numpy", "numba", "llvmlite", "math", "builtins")
_FORMAT = 2  # of object files and of how they are compiled


def digest_of(entries: dict[str, Any]) -> str:
    """Of the entries of a module, of who compiles them, and for which processor."""
    import llvmlite.binding as llvm

    walk = _Walk()
    for name in sorted(entries):
        walk.add(name, entries[name].signature)
        walk.value(entries[name])
    host = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    walk.add(_FORMAT, sys.version, platform.machine(), *host, *_versions())
    return walk.hash.hexdigest()[:24]


def functions_in(entries: dict[str, Any]) -> int:
    """How many functions the entries of a module reach: what there is to compile."""
    walk = _Walk()
    for entry in entries.values():
        walk.value(entry)
    return len(walk.seen)


def _versions() -> tuple[str, ...]:
    # Asked of the packages' metadata, for importing Numba would take its time.
    from importlib.metadata import version

    return version("numba"), version("llvmlite"), np.__version__


def _is_foreign(module: str) -> bool:
    return module.partition(".")[0] in _FOREIGN


class _Walk:
    def __init__(self):
        self.hash = hashlib.sha256()
        self.seen: set[int] = set()

    def add(self, *values: Any) -> None:
        for value in values:
            self.hash.update(repr(value).encode() + b"\0")

    def value(self, value: Any) -> None:
        """A global that code refers to."""
        function = getattr(value, "kernel", value)  # of an entry
        function = getattr(function, "function", function)  # of a kernel or intrinsic
        if isinstance(function, types.FunctionType):
            self._function(function)
        elif isinstance(value, np.ndarray):
            self.add(value.dtype, value.shape, value.tobytes())
        elif isinstance(value, np.dtype):
            self.add(value, value.fields and dict(value.fields))
        elif isinstance(value, (bool, int, float, str, bytes, tuple, type(None))):
            self.add(value)
        else:
            self.add(getattr(value, "__qualname__", type(value).__qualname__))

    def _function(self, function: types.FunctionType) -> None:
        if id(function) in self.seen:
            return
        self.seen.add(id(function))
        self.add(function.__module__, function.__qualname__)
        if not self._is_compiled_here(function):
            return
        self._code(function.__code__, function.__globals__)

    def _is_compiled_here(self, function: types.FunctionType) -> bool:
        return not _is_foreign(function.__module__ or "")

    def _code(self, code: types.CodeType, names: dict[str, Any]) -> None:
        self.hash.update(code.co_code)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._code(constant, names)
            else:
                self.add(constant)
        for name in code.co_names:
            self.add(name)
            if name in names:
                self._global(names[name], code.co_names)

    def _global(self, value: Any, attributes: tuple[str, ...]) -> None:
        if isinstance(value, types.ModuleType):
            if not _is_foreign(value.__name__):
                for name in attributes:
                    self.value(getattr(value, name, None))
        else:
            self.value(value)
