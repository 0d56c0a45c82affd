"""Words that threads share are accessed atomically: read from the compiled code."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

import rtaudio_dl
from rtaudio_dl.core import kernel
from rtaudio_dl.engine import callback
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.io.jack import cycle as jack_cycle
from rtaudio_dl.io.midi import jack as midi_jack
from rtaudio_dl.kinds.classifier.layout import Ear
from tests.core.llvm import Access, accesses
from tests.core.test_kernel import ENTRIES, bodies, function_of, label, module_of

# Arrays of words that are never accessed plainly, and those whose writer may read its
# own words plainly; see `rtaudio_dl/core/words.py`.
SHARED = {
    *("patch_life", "slot_life", "track_life", "inbox", "stop", "switches"),
    *("input_switch", "input_offset", "onset_on", "onset_key"),
    *("trigger_keys", "traced"),
}
FIELDS = {*Engine._fields, *Ear._fields}
CURSORS = {name for name in FIELDS if name.endswith("cursors")}
OWN_READ = CURSORS | {"lanes_done"}
TABLES = {"engine": Engine, "ears": Ear}  # what kernels get, by the parameter's name


def names_of(compiled) -> dict[str, str]:
    """Array by the root that compiled code has for it."""
    function = function_of(compiled)
    first = function.__code__.co_varnames[0]
    if first in TABLES:
        fields = enumerate(TABLES[first]._fields)
        return {f"%arg.{first}.{i}.4": name for i, name in fields}
    if function.__module__ == callback.__name__:  # by a table of addresses
        return {f"*%arg.user+{8 * i}": name for i, name in enumerate(Engine._fields)}
    return {}


@functools.cache
def accesses_of(compiled) -> tuple[Access, ...]:
    found = bodies(module_of(compiled, ENTRIES.get(compiled, ())))
    return tuple(access for body in found for access in accesses(str(body)))


def to_words(compiled) -> list[tuple[str, Access]]:
    """Every access to an array of words, with the array's name."""
    names = names_of(compiled)
    return [
        (names[root], access)
        for access in accesses_of(compiled)
        for root in access.roots
        if names.get(root) in SHARED | OWN_READ
    ]


def is_right(name: str, access: Access) -> bool:
    return access.atomic or (name in OWN_READ and not access.stores)


COMPILED = [
    *(entry for entry in ENTRIES if names_of(entry)),
    *(callback.audio_callback, callback.midi_callback),
]


@pytest.mark.parametrize("compiled", COMPILED, ids=label)
def test_shared_words_are_accessed_atomically(compiled):
    wrong = {(n, a.stores) for n, a in to_words(compiled) if not is_right(n, a)}
    assert wrong == set()


def test_every_shared_word_was_seen():
    """Otherwise the test above could not fail for it."""
    assert SHARED | OWN_READ <= FIELDS
    seen = {n for c in COMPILED for n, access in to_words(c) if access.atomic}
    assert SHARED | OWN_READ == seen


@pytest.mark.parametrize(
    "compiled, field, record, stores",
    [
        (jack_cycle.process, "words", jack_cycle.CYCLE, {True, False}),
        (jack_cycle.xrun, "words", jack_cycle.CYCLE, {True, False}),
        (jack_cycle.shutdown, "words", jack_cycle.CYCLE, {True}),
        (midi_jack._shutdown, "lost", midi_jack._STATE, {True}),
    ],
    ids=["process", "xrun", "shutdown", "midi shutdown"],
)
def test_words_of_jack_are_accessed_atomically(compiled, field, record, stores):
    root = f"*%arg.user+{record.fields[field][1]}"
    found = [access for access in accesses_of(compiled) if root in access.roots]
    assert {access.stores for access in found} == stores
    # The notification thread alone writes its counter, and may read it so.
    own = compiled is jack_cycle.xrun
    assert all(a.atomic or (own and not a.stores) for a in found)


def test_jacks_record_itself_is_the_cycles_own_once_it_runs():
    """What the cycle writes into it nobody else reads, and the other way round."""
    for compiled in (jack_cycle.xrun, jack_cycle.shutdown):
        to_record = [a for a in accesses_of(compiled) if "%arg.user" in a.roots]
        assert to_record and not any(access.stores for access in to_record)


def plain_read(engine):
    return engine.patch_life[0] + engine.patch_life[engine.slot_life[1]]


def plain_write(engine):
    for i in range(engine.patch_life.size):
        engine.patch_life[i] = i


def plain_fill(engine):
    engine.slot_life[:] = 0


def plain_count(engine):
    engine.tap_cursors[16] += 1


@pytest.mark.parametrize("function", [plain_read, plain_write, plain_fill, plain_count])
def test_the_reader_finds(function):
    compiled = kernel.numba.njit(**kernel._OPTIONS)(function)
    (engine, _) = next(v for e, v in ENTRIES.items() if label(e).endswith("s_block"))
    found = bodies(module_of(compiled, (engine,)))
    names = {f"%arg.engine.{i}.4": name for i, name in enumerate(Engine._fields)}
    assert any(
        not is_right(names[root], access)
        for body in found
        for access in accesses(str(body))
        for root in access.roots
        if names.get(root) in SHARED | OWN_READ
    )


# --- Python


def subscripted(path: Path) -> list[str]:
    """Where a file's Python touches words by itself: ``line: name``."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Subscript):
            name = getattr(node.value, "attr", getattr(node.value, "id", ""))
            # Of a track's cursors Python takes one row, as an array.
            row = name == "track_cursors" and isinstance(node.ctx, ast.Load)
            if name.lstrip("_") in SHARED | OWN_READ | {"words"} and not row:
                found.append(f"{path.name}:{node.lineno}: {name}")
    return found


CONTROL = [
    path
    for path in sorted(Path(rtaudio_dl.__file__).parent.rglob("*.py"))
    if path.parent.name != "rt"
]


def test_python_goes_through_the_helpers():
    found = [line for path in CONTROL for line in subscripted(path)]
    # JACK's notification thread, native, reads the counter that is its own; a ring is
    # cleared before another process has it.
    allowed = ["jack_cycle.py", "shared.py"]
    assert sorted(line.partition(":")[0] for line in found) == allowed


def test_the_look_at_python_finds(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text("engine.patch_life[2] = 0\nif self._words[3]:\n    pass\n")
    assert len(subscripted(path)) == 2
