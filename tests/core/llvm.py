"""Reads compiled code: which memory each load and store goes to, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_NAME = r"%(?:\"[^\"]+\"|[\w.$-]+)"
_NAMES = re.compile(_NAME)
_SET = re.compile(rf"^\s*({_NAME}) = (.*)$")
_LOAD = re.compile(rf"^load (atomic )?.*?, ptr ({_NAME})(?: (acquire))?")
_STORE = re.compile(rf"^\s*store (atomic )?.*?, ptr ({_NAME})(?: (release))?")
_BULK = re.compile(rf"call void @llvm\.mem\w+[\w.]*\(ptr [^%,]*({_NAME})(.*)")
_STEP = re.compile(rf"^getelementptr .*?, ptr ({_NAME}),")
_BYTES = re.compile(rf"^getelementptr .*?\bi8, ptr {_NAME}, i64 (\d+)\b")
_CAST = re.compile(rf"^(?:inttoptr|ptrtoint|bitcast|freeze) \S+ ({_NAME})")
_PASSED_ON = re.compile(r"^(?:phi|select|add|sub|or) ")
_INCOMING = re.compile(rf"\[ ({_NAME}), ")


class Access(NamedTuple):
    """A load or a store.

    ``roots`` are where its address may come from: names of arguments, and ``*NAME+N``
    for a pointer that lies N bytes after where NAME points to.
    """

    roots: frozenset[str]
    stores: bool
    atomic: bool


def accesses(body: str) -> Iterator[Access]:
    """Every load and store of a function's text."""
    values = dict(m.groups() for m in map(_SET.match, body.splitlines()) if m)
    for line in body.splitlines():
        is_set = _SET.match(line)
        load = _LOAD.match(is_set[2]) if is_set else None
        store, bulk = _STORE.match(line), _BULK.search(line)
        found = load or store
        if found:
            roots = _roots(values, found[2])
            yield Access(roots, store is not None, found[3] is not None)
        elif bulk:
            yield Access(_roots(values, bulk[1]), True, False)
            for name in _NAMES.findall(bulk[2]):
                yield Access(_roots(values, name), False, False)


def _roots(values: dict[str, str], name: str) -> frozenset[str]:
    found, waiting, known = set(), [name], {name}
    while waiting:
        name = waiting.pop()
        before = _before(values, name)
        if not before:
            found.add(_pointer(values, name))
        waiting += [other for other in before if other not in known]
        known.update(before)
    return frozenset(found)


def _before(values: dict[str, str], name: str) -> list[str]:
    """What an address was computed from; nothing for one that was given or loaded."""
    text = values.get(name, "")
    if step := _STEP.match(text) or _CAST.match(text):
        return [step[1]]
    if text.startswith("phi "):
        return _INCOMING.findall(text)
    return _NAMES.findall(text) if _PASSED_ON.match(text) else []


def _pointer(values: dict[str, str], name: str) -> str:
    load = _LOAD.match(values.get(name, ""))
    if not load:
        return name
    offset, at = 0, load[2]
    while step := _STEP.match(values.get(at, "")) or _CAST.match(values.get(at, "")):
        moved = _BYTES.match(values[at])
        offset += int(moved[1]) if moved else 0
        at = step[1]
    return f"*{at}+{offset}"
