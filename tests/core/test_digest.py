"""Object code is named by all that it holds, and by nothing else."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from rtaudio_dl.core.digest import digest_of
from rtaudio_dl.core.entry import entries

MODULE = """
import numpy as np
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import record_at

STEP = 3
TABLE = (1.0, 2.0)
THING = np.dtype([("a", np.int64), ("b", np.float64)])
OTHER = 1  # nobody uses it


@rt_kernel
def deeper(n):
    return n * STEP


@rt_kernel
def called(n):
    return deeper(n) + 1


@rt_kernel
def uncalled(n):
    return n - 1


@rt_entry("wpw")
def entry(address, n):
    return called(n) + int(TABLE[0]) + record_at(address, THING).a
"""


def digest(folder: Path, *changes: tuple[str, str]) -> str:
    """The digest of a module with some of its text changed."""
    text = MODULE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "digested.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("digested", path)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        spec.loader.exec_module(module)
        return digest_of(entries["digested"])
    finally:
        sys.dont_write_bytecode = before
        entries.pop("digested", None)


def test_the_same_code_has_the_same_digest(tmp_path):
    assert digest(tmp_path) == digest(tmp_path)


@pytest.mark.parametrize(
    "old, new",
    [
        ("STEP = 3", "STEP = 4"),
        ("STEP = 3", "STEP = 3.0"),
        ("TABLE = (1.0, 2.0)", "TABLE = (1.5, 2.0)"),
        ("return n * STEP", "return n + STEP"),
        ("deeper(n) + 1", "deeper(n) + 2"),
        ("deeper(n) + 1", "deeper(n) - 1"),
        ('("b", np.float64)', '("b", np.float32)'),
        (
            '[("a", np.int64), ("b", np.float64)]',
            '[("b", np.float64), ("a", np.int64)]',
        ),
        ('rt_entry("wpw")', 'rt_entry("dpw")'),
        ("THING).a", "THING).b"),
        ("int(TABLE[0])", "int(TABLE[1])"),
        ("def entry", "def other"),
    ],
)
def test_a_change_of_anything_that_counts_changes_it(tmp_path, old, new):
    assert digest(tmp_path, (old, new)) != digest(tmp_path)


@pytest.mark.parametrize(
    "old, new",
    [
        ("OTHER = 1", "OTHER = 2"),
        ("return n - 1", "return n - 2"),
        ("STEP = 3", "STEP = 3  # a remark"),
    ],
)
def test_a_change_elsewhere_does_not(tmp_path, old, new):
    assert digest(tmp_path, (old, new)) == digest(tmp_path)


@pytest.mark.parametrize("what", ["numba", "llvmlite"])
def test_another_compiler_has_another_digest(tmp_path, monkeypatch, what):
    before = digest(tmp_path)
    from importlib import metadata

    version = metadata.version
    monkeypatch.setattr(
        metadata, "version", lambda name: "0" if name == what else version(name)
    )
    assert digest(tmp_path) != before


def test_another_processor_has_another_digest(tmp_path, monkeypatch):
    import llvmlite.binding

    before = digest(tmp_path)
    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_name", lambda: "z80")
    assert digest(tmp_path) != before
