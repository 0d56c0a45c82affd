"""Entries that do what no thread of the real-time world may."""

from __future__ import annotations

import gc

import numba
import numpy as np

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_intrinsic, rt_shared_kernel
from rtaudio_dl.core.native import load_acquire, words_at


@rt_entry("ww")
def innocent(n):
    return np.int64(np.sin(n) * 100.0)


@rt_entry("ww")
def allocates(n):
    return np.zeros(n).size


@rt_entry("ww")
def grows(n):
    a = []
    for i in range(n):
        a.append(i)
    return len(a)


@rt_entry("ww")
def prints(n):
    print(n)  # noqa: T201
    return n


@rt_entry("ww")
def raises(n):
    if n > 3:
        raise ValueError("no")
    return n


@rt_shared_kernel
def _raises(n):
    if n > 3:
        raise ValueError("no")
    return n


@rt_entry("ww")
def raises_below(n):
    return _raises(n) + 1


@rt_entry("ww")
def calls_python(n):
    with numba.objmode():
        gc.collect()
    return n


@rt_intrinsic
def _exchange(_context, array, index):
    from numba.core import types

    from rtaudio_dl.core.native import _element

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], *arguments)
        return builder.atomic_rmw("xchg", pointer, arguments[1], "seq_cst")

    return types.int64(array, types.intp), generate


@rt_entry("wp")
def locks(n):
    return _exchange(words_at(n, 1), 0)


@rt_intrinsic
def _sleep(_context, seconds):
    from llvmlite import ir
    from numba.core import cgutils, types

    def generate(context, builder, signature, arguments):
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(32)])
        sleep = cgutils.get_or_insert_function(builder.module, kind, "sleep")
        builder.call(sleep, [ir.IntType(32)(1)])
        return arguments[0]

    return types.int64(types.int64), generate


@rt_entry("ww")
def sleeps(n):
    return _sleep(n)


@rt_entry("wp")
def waits_for_nobody(n):
    return load_acquire(words_at(n, 1), 0)
