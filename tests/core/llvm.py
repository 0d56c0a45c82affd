"""Reads compiled code: which memory each load and store goes to, and how."""

from __future__ import annotations

import functools
import importlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rtaudio_dl.core.compile import link_module, optimise
from rtaudio_dl.core.objects import compiler

_NAME = r"%(?:\"[^\"]+\"|[\w.$-]+)"
_SET = re.compile(rf"^\s*({_NAME}) = (.*)$")
_LOAD = re.compile(rf"^load (atomic )?.*?, ptr ({_NAME})(?: (acquire))?")
_STORE = re.compile(rf"^\s*store (atomic )?.*?, ptr ({_NAME})(?: (release))?")
_BULK = re.compile(rf"call void @llvm\.mem\w+[\w.]*\(ptr [^%,]*({_NAME})(.*)")
_POINTER = re.compile(rf"ptr [^%,]*({_NAME})")
_STEP = re.compile(
    rf"^getelementptr (?:inbounds |nuw |nusw )*(.+?), ptr ({_NAME}), (.*)"
)
_CAST = re.compile(rf"^(?:inttoptr|ptrtoint|bitcast|freeze) \S+ ({_NAME})")
_ADD = re.compile(rf"^(?:add|or)(?: nuw| nsw| disjoint)* i64 ({_NAME}), (\S+)")
_CHOICE = re.compile(rf"(?:ptr|i64) ({_NAME})")
_INCOMING = re.compile(rf"\[ ({_NAME}), ")
_ARRAY = re.compile(r"^\[(\d+) x (.+)\]$")
_DEFINE = re.compile(r"^define .*?@\"?([\w.$-]+)\"?\(")
_SIZES = {"i8": 1, "i16": 2, "i32": 4, "float": 4, "i64": 8, "double": 8, "ptr": 8}


class Place(NamedTuple):
    """An address: so many bytes after an argument, or after what lies at a `Place`."""

    base: str | Place
    offset: int


class Access(NamedTuple):
    """A load or a store, and where its address may come from."""

    places: frozenset[Place]
    stores: bool
    atomic: bool


@functools.cache
def bodies_of(module: str) -> dict[str, str]:
    """The optimised code of a module's entries, by their names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "code.ll"
        subprocess.run(**compiler(__name__, module, str(path)), check=True)
        text = path.read_text()
    found = {}
    for body in re.split(r"(?m)^(?=define )", text)[1:]:
        name = _DEFINE.match(body)[1]
        found[name.rpartition(".")[2]] = body[: body.index("\n}")]
    return found


def main() -> None:
    """Write the optimised code of a module into a file."""
    module, path = sys.argv[1:]
    importlib.import_module(module)
    machine, whole, _ = link_module(module)
    optimise(machine, whole)
    Path(path).write_text(str(whole))


def accesses(body: str) -> Iterator[Access]:
    """Every load and store of a function's text."""
    code = _Code(body)
    for line in body.splitlines():
        is_set = _SET.match(line)
        load = _LOAD.match(is_set[2]) if is_set else None
        store, bulk = _STORE.match(line), _BULK.search(line)
        found = load or store
        if found:
            places = code.places(found[2])
            yield Access(places, store is not None, found[3] is not None)
        elif bulk:
            yield Access(code.places(bulk[1]), True, False)
            for name in _POINTER.findall(bulk[2]):
                yield Access(code.places(name), False, False)


class _Code:
    def __init__(self, body: str):
        self._values = dict(m.groups() for m in map(_SET.match, body.splitlines()) if m)
        self._known: dict[str, frozenset[Place]] = {}
        self._open: set[str] = set()

    def places(self, name: str) -> frozenset[Place]:
        """Where a pointer may come from."""
        if name not in self._known:
            if name in self._open:  # a loop: where it began is known elsewhere
                return frozenset()
            self._open.add(name)
            found = self._find(name)
            self._open.discard(name)
            if self._open:
                return found  # perhaps not all of it, yet
            self._known[name] = found
        return self._known[name]

    def _find(self, name: str) -> frozenset[Place]:
        text = self._values.get(name, "")
        if step := _STEP.match(text):
            return self._moved(step[2], self._bytes(step[1], step[3]))
        if cast := _CAST.match(text):
            return self.places(cast[1])
        if load := _LOAD.match(text):
            return frozenset(Place(at, 0) for at in self.places(load[2]))
        if added := _ADD.match(text):
            number = re.fullmatch(r"-?\d+", added[2])
            return self._moved(added[1], int(added[2]) if number else 0)
        if text.startswith(("phi ", "select ")):
            names = _INCOMING if text.startswith("phi ") else _CHOICE
            return frozenset().union(*map(self.places, names.findall(text)))
        return frozenset([Place(name, 0)])

    def _moved(self, name: str, by: int) -> frozenset[Place]:
        return frozenset(Place(at.base, at.offset + by) for at in self.places(name))

    def _bytes(self, kind: str, indices: str) -> int:
        """The constant part of a step."""
        size, total = _size(kind), 0
        for number, index in enumerate(re.findall(r"i(?:64|32) ([^,\s]+)", indices)):
            if number:
                inner = _ARRAY.match(kind)
                kind = inner[2] if inner else kind
                size = _size(kind)
            if re.fullmatch(r"-?\d+", index):
                total += int(index) * size
        return total


def _size(kind: str) -> int:
    array = _ARRAY.match(kind)
    return int(array[1]) * _size(array[2]) if array else _SIZES.get(kind, 0)


def field_at(dtype: np.dtype, offset: int) -> tuple[str, ...]:
    """The names of the field that lies at an offset of a record, from outside in."""
    for name, (kind, at, *_) in (dtype.fields or {}).items():
        if at <= offset < at + kind.itemsize:
            inner: Any = kind.base
            rest = (offset - at) % inner.itemsize
            return (name, *(field_at(inner, rest) if inner.fields else ()))
    return ()


if __name__ == "__main__":
    main()
