"""Kernels, memory and entries: how Python makes them and calls them."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.core.entry import entries, rt_entry
from rtaudio_dl.core.kernel import Memory, kernels, rt_kernel
from rtaudio_dl.core.native import record_at

THING = np.dtype(
    [
        ("one", np.int64),
        ("table", np.float64, (3, 2)),
        ("row", np.int32, (4,)),
        ("single", np.float64, (1,)),
    ],
    align=True,
)


@rt_kernel
def total(thing):
    """The sum of a thing's table, plus one. [any]"""
    found = float(thing.one)
    for i in range(3):
        for k in range(2):
            found += thing.table[i, k]
    return found


@rt_entry("dp")
def total_at(address):
    """`total` of the thing at an address. [any]"""
    return total(record_at(address, THING))


@rt_entry("ipiuwd")
def kinds(address, i, u, w, d):
    """One of each type of argument. [any]"""
    record_at(address, THING).one = u + w + int(d)
    return i


def test_memory_is_zero_and_its_fields_are_arrays_over_it():
    memory = Memory(THING)
    assert not memory.array.tobytes().strip(b"\0")
    assert memory.one.shape == (1,) and memory.table.shape == (3, 2)
    assert memory.row.shape == (4,) and memory.single.shape == (1,)
    memory.table[2, 1], memory.one[0] = 7, 3
    assert memory.array["table"][0, 2, 1] == 7 and memory.record["one"] == 3
    assert memory.address == memory.array.ctypes.data


def test_a_kernel_and_an_entry_see_the_same_memory():
    memory = Memory(THING)
    memory.one[0], memory.table[:] = 2, 0.5
    assert total(memory) == total_at(memory) == total_at(memory.address) == 5
    assert total_at(memory.array) == 5


def test_every_kind_of_argument_arrives():
    memory = Memory(THING)
    assert kinds(memory, -7, 0xFFFFFFFF, 1 << 40, 2.9) == -7
    assert memory.one[0] == 0xFFFFFFFF + (1 << 40) + 2


def test_kernels_and_entries_are_listed():
    assert total in kernels and total_at.kernel in kernels
    assert entries[__name__] == {"total_at": total_at, "kinds": kinds}
    assert total_at.signature == "dp"
    assert "total" in repr(total) and "total_at" in repr(total_at)


def test_a_kernel_is_compiled_when_it_is_called_and_not_before():
    compiled = rt_kernel(lambda n: n + 1)
    try:
        assert "dispatcher" not in vars(compiled)
        assert compiled(np.int64(4)) == 5
        assert "dispatcher" in vars(compiled)
    finally:
        kernels.remove(compiled)


@pytest.mark.parametrize("signature", ["x", "wq"])
def test_a_signature_that_there_is_not_is_an_error(signature):
    made = rt_entry(signature)(lambda n: n)
    try:
        with pytest.raises(KeyError):
            _ = made._function
    finally:
        kernels.remove(made.kernel)
        del entries[__name__][made.name]
