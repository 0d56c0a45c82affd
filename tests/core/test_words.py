"""Words that threads share are accessed atomically: read from the compiled code."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import numpy as np
import pytest

import rtaudio_dl
from rtaudio_dl.engine.layout import ENGINE
from rtaudio_dl.engine.telemetry import TELEMETRY
from rtaudio_dl.io.jack import cycle as jack_cycle
from rtaudio_dl.io.midi import jack as midi_jack
from rtaudio_dl.kinds.classifier.layout import ANALYSIS
from rtaudio_dl.kinds.sound import memory as sound
from rtaudio_dl.kinds.stream import layout as stream
from rtaudio_dl.playback.kernels import PLAYER
from tests.core.crimes import words as crimes
from tests.core.llvm import Access, Place, accesses, bodies_of, field_at

# Words that are never accessed plainly, and those whose writer may read its own so; see
# `rtaudio_dl/core/words.py`.
SHARED = {
    *("node_life", "slot_life", "track_life", "source_places", "switches", "order"),
    *("input_switch", "input_offset", "onset_on", "onset_key", "inbox_words"),
    *("trigger_keys", "traced", "stop"),
}
OWN_READ = {"lanes_done", "track_words", "output_words", "event_words"}
WORDS = SHARED | OWN_READ

# Where entries find their memory: module → names of the entries' arguments → record.
# What stays a function of its own has the names of its Python code.
ENGINES = {"%.1": ENGINE, "%arg.engine": ENGINE}
ARGUMENTS = {
    "rtaudio_dl.engine.entries": ENGINES,
    "rtaudio_dl.kinds.master.process": ENGINES,
    "rtaudio_dl.kinds.sound.entries": ENGINES,
    "rtaudio_dl.kinds.stream.entries": ENGINES,
    "rtaudio_dl.kinds.classifier.analysis": {"%.1": ANALYSIS},
    "rtaudio_dl.playback.kernels": ENGINES,
    crimes.__name__: ENGINES,
}
OF_ENTRIES = {
    "audio_callback": {"%.6": ENGINE},
    ("rtaudio_dl.kinds.sound.entries", "work"): ENGINES | {"%.2": sound.SHARED},
    ("rtaudio_dl.kinds.stream.entries", "work"): ENGINES | {"%.2": stream.SHARED},
}
# What an address in a record points to: module, field → record.
STATES = {
    "rtaudio_dl.kinds.sound.entries": sound.SOUND,
    "rtaudio_dl.kinds.stream.entries": stream.STREAM,
    "rtaudio_dl.playback.kernels": PLAYER,
}
SHARES = {
    "rtaudio_dl.kinds.sound.entries": sound.SHARED,
    "rtaudio_dl.kinds.stream.entries": stream.SHARED,
}
CURSOR_POINTERS = ("sources.cursors", "ear.note_cursors")
MODULES = [m for m in ARGUMENTS if m != crimes.__name__]


def points_to(module: str, field: tuple[str, ...]) -> np.dtype | str | None:
    """The record, or the array of words, that an address in a field leads to."""
    name = ".".join(field[-2:])
    if name == "nodes.state":
        return STATES.get(module)
    if name == "ear.source":
        return ENGINE["inputs"].base
    if name in CURSOR_POINTERS:
        return "cursors"
    return {"shared": SHARES.get(module), "telemetry": TELEMETRY}.get(field[-1])


def field_of(module: str, entry: str, place: Place) -> tuple[str, ...]:
    """The names of what lies at a place; empty where nobody knows."""
    if isinstance(place.base, str):
        own = OF_ENTRIES.get((module, entry)) or OF_ENTRIES.get(entry)
        record = (own or ARGUMENTS[module]).get(place.base)
    else:
        there = field_of(module, entry, place.base)
        record = points_to(module, there) if there else None
    if isinstance(record, str):
        return (record,)
    return field_at(record, place.offset) if record is not None else ()


@functools.cache
def words_in(module: str, entry: str) -> list[tuple[str, Access]]:
    """Every access of an entry to a word that is shared, with its name."""
    return [
        (name, access)
        for access in accesses(bodies_of(module)[entry])
        for place in access.places
        for name in field_of(module, entry, place)[-2:]
        if name in WORDS or name.endswith("cursors")
    ]


def is_right(name: str, access: Access) -> bool:
    own = name in OWN_READ or name.endswith("cursors")
    return access.atomic or (own and not access.stores)


def wrong_in(module: str) -> set[tuple[str, str, bool]]:
    return {
        (entry, name, access.stores)
        for entry in bodies_of(module)
        for name, access in words_in(module, entry)
        if not is_right(name, access)
    }


@pytest.mark.parametrize("module", MODULES)
def test_shared_words_are_accessed_atomically(module):
    assert wrong_in(module) == set()


def test_every_shared_word_was_seen():
    """Otherwise the test above could not fail for it."""
    seen = {
        name
        for module in MODULES
        for entry in bodies_of(module)
        for name, access in words_in(module, entry)
        if access.atomic
    }
    assert WORDS <= seen
    engines = {name for name in ENGINE.names if name.endswith("_cursors")}
    # Those of sources are reached through `Engine.sources`; nobody plays out yet.
    through = {"midi_cursors", "control_cursors", "ear_cursors", "out_cursors"}
    assert engines - seen <= through
    others = {"request_cursors", "hop_cursors", "trace_cursors", "input_cursors"}
    assert others | {"cursors", "onset_cursors"} <= seen


@pytest.mark.parametrize("entry", crimes.NAMES)
def test_the_reader_finds(entry):
    assert any(entry == name for name, _, _ in wrong_in(crimes.__name__))


def test_the_reader_accuses_nobody_else():
    assert not any(name == "innocent" for name, _, _ in wrong_in(crimes.__name__))


@pytest.mark.parametrize(
    "module, entry, argument, field, record, stores",
    [
        (jack_cycle, "process", "%.2", "words", jack_cycle.CYCLE, {True, False}),
        (jack_cycle, "xrun", "%.1", "words", jack_cycle.CYCLE, {True, False}),
        (jack_cycle, "shutdown", "%.1", "words", jack_cycle.CYCLE, {True}),
        (midi_jack, "_shutdown", "%.1", "lost", midi_jack._STATE, {True}),
    ],
    ids=["process", "xrun", "shutdown", "midi shutdown"],
)
def test_words_of_jack_are_accessed_atomically(
    module, entry, argument, field, record, stores
):
    at = Place(argument, record.fields[field][1])
    found = [
        access
        for access in accesses(bodies_of(module.__name__)[entry])
        if any(place.base == at for place in access.places)
    ]
    assert {access.stores for access in found} == stores
    # The notification thread alone writes its counter, and may read it so.
    own = entry == "xrun"
    assert all(a.atomic or (own and not a.stores) for a in found)


def test_jacks_record_itself_is_the_cycles_own_once_it_runs():
    """What the cycle writes into it nobody else reads, and the other way round."""
    for entry in ("xrun", "shutdown"):
        body = bodies_of(jack_cycle.__name__)[entry]
        to_record = [
            access
            for access in accesses(body)
            if any(place.base == "%.1" for place in access.places)
        ]
        assert to_record and not any(access.stores for access in to_record)


# --- Python


def subscripted(path: Path) -> list[str]:
    """Where a file's Python touches words by itself: ``line: name``."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Subscript) and not in_kernel(path, node):
            name = getattr(node.value, "attr", getattr(node.value, "id", ""))
            # Of a track's words Python takes one row, as an array.
            row = name == "track_words" and isinstance(node.ctx, ast.Load)
            word = name.lstrip("_") in WORDS | {"words"} or name.endswith("cursors")
            if word and not row:
                found.append(f"{path.name}:{node.lineno}: {name}")
    return found


@functools.cache
def kernels_in(path: Path) -> list[tuple[int, int]]:
    """The lines of a file's kernels: their code was read as it is compiled."""
    spans = []
    for node in ast.walk(ast.parse(path.read_text())):
        for decorator in getattr(node, "decorator_list", ()):
            called = getattr(decorator, "func", decorator)
            if getattr(called, "id", "").startswith("rt_"):
                spans.append((node.lineno, node.end_lineno))
    return spans


def in_kernel(path: Path, node: ast.AST) -> bool:
    return any(first <= node.lineno <= last for first, last in kernels_in(path))


FILES = sorted(Path(rtaudio_dl.__file__).parent.rglob("*.py"))


def test_python_goes_through_the_helpers():
    found = [line for path in FILES for line in subscripted(path)]
    # A ring is cleared before another process has it, memory before a thread has it.
    allowed = {"shared.py", "kind.py", "layout.py"}
    assert {line.partition(":")[0] for line in found} <= allowed, found


def test_the_look_at_python_finds(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text("engine.node_life[2] = 0\nif self._words[3]:\n    pass\n")
    assert len(subscripted(path)) == 2
