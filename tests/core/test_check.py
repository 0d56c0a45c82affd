"""What no kernel may do, read from the code that was compiled for it."""

from __future__ import annotations

import importlib
import pkgutil
import types

import pytest

import rtaudio_dl
from rtaudio_dl.core import kernel
from rtaudio_dl.core.check import check_module
from rtaudio_dl.core.entry import Entry, entries
from rtaudio_dl.core.kernel import Kernel, kernels
from rtaudio_dl.core.objects import prepare
from rtaudio_dl.errors import EngineError
from tests.core.crimes import forbidden
from tests.kinds.beater import entries as beater


def modules_with_entries() -> list[str]:
    """Every module of the product that compiles something for C."""
    for found in pkgutil.walk_packages(rtaudio_dl.__path__, "rtaudio_dl."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    return sorted(name for name in entries if name.startswith("rtaudio_dl."))


MODULES = modules_with_entries()
CRIMES = forbidden.__name__


def test_all_modules_were_found():
    assert {
        *("rtaudio_dl.core.control", "rtaudio_dl.engine.entries"),
        *("rtaudio_dl.io.jack.cycle", "rtaudio_dl.io.midi.jack"),
        *("rtaudio_dl.kinds.sound.entries", "rtaudio_dl.kinds.stream.entries"),
        *("rtaudio_dl.kinds.classifier.analysis", "rtaudio_dl.kinds.master.process"),
        "rtaudio_dl.playback.kernels",
    } <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_no_entry_allocates_locks_raises_or_calls_python(module):
    assert check_module(module) == []


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    """What the reader says of each crime."""
    offences: dict[str, list[str]] = {name: [] for name in entries[CRIMES]}
    for offence in check_module(CRIMES):
        name, _, words = offence.partition(": ")
        offences[name].append(words)
    return offences


@pytest.mark.parametrize(
    "name, words",
    [
        ("allocates", "cannot be compiled"),
        ("grows", "cannot be compiled"),
        ("prints", "calls "),
        ("raises", "raises"),
        ("raises_below", "raises"),
        ("calls_python", "calls Python's Py"),
        ("locks", "locks: "),
        ("sleeps", "calls sleep"),
    ],
)
def test_the_reader_finds(found, name, words):
    assert any(words in offence for offence in found[name]), found[name]


@pytest.mark.parametrize("name", ["innocent", "waits_for_nobody"])
def test_the_reader_accuses_nobody_else(found, name):
    assert found[name] == []


def test_a_module_with_an_offence_is_not_compiled():
    with pytest.raises(EngineError, match="could not be compiled"):
        prepare([CRIMES])


def test_what_is_no_module_is_an_error():
    with pytest.raises(EngineError, match="cannot be looked at"):
        check_module("rtaudio_dl.no_such_module")


# --- nothing is left out


def reached_from(function: types.FunctionType, reached: set) -> None:
    """All kernels that a function's code names, and those that these name."""
    for code in codes_of(function.__code__):
        for name in code.co_names:
            for value in values_of(function, name, code):
                value = getattr(value, "kernel", value)  # an entry's
                if isinstance(value, Kernel) and value not in reached:
                    reached.add(value)
                    reached_from(value.function, reached)


def codes_of(code: types.CodeType) -> list[types.CodeType]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return [code, *(deeper for c in inner for deeper in codes_of(c))]


def values_of(function, name, code):
    """What a name may mean: a global, or an attribute of a module that is one."""
    yield function.__globals__.get(name)
    for other in code.co_names:
        holder = function.__globals__.get(other)
        if isinstance(holder, types.ModuleType):
            yield getattr(holder, name, None)


def test_every_kernel_is_part_of_what_was_read():
    """A body that was read holds the code of all that it names."""
    reached: set[Kernel] = set()
    # The last is a kind from outside: it uses what our kinds do not.
    for module in (*MODULES, beater.__name__):
        for entry in entries[module].values():
            reached.add(entry.kernel)
            reached_from(entry.kernel.function, reached)
    own = {k for k in kernels if k.function.__module__.startswith("rtaudio_dl.")}
    unread = {f"{k.function.__module__}.{k.function.__name__}" for k in own - reached}
    assert unread == set()
    assert len(own) > 150


def test_entries_are_kept_by_their_modules():
    for module in MODULES:
        for name, entry in entries[module].items():
            assert isinstance(entry, Entry)
            assert getattr(importlib.import_module(module), name) is entry


def test_kernels_are_compiled_without_numbas_runtime():
    assert kernel._OPTIONS["_nrt"] is False
