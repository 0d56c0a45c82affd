"""What Numba lacks for native threads: atomics, memory and calls by address.

A C function is passed as an address and called through an intrinsic, for a kernel that
closes over a ctypes function cannot be kept as object code. Numba and LLVM are imported
where they are used, in functions that run only when something is compiled.
"""

from __future__ import annotations

import platform

import numpy as np

from rtaudio_dl.core.kernel import rt_intrinsic

_X86 = platform.machine().lower() in ("x86_64", "amd64", "i686", "x86")
_ARM64 = platform.machine().lower() in ("aarch64", "arm64")
_MXCSR_FLUSH = 0x8040  # FTZ and DAZ
_FPCR_FLUSH = 1 << 24  # FZ
_FLOAT, _DOUBLE, _WORD, _BYTE = map(np.dtype, ("f4", "f8", "i8", "u1"))


def _element(context, builder, kind, array, index):
    from numba.core import cgutils

    view = context.make_array(kind)(context, builder, array)
    return cgutils.get_item_pointer(
        context, builder, kind, view, [index], wraparound=False
    )


@rt_intrinsic
def load_acquire(_context, array, index):
    """Read an int64 element; what its writer wrote before is visible. [any]"""
    from numba.core import types

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(pointer, "acquire", 8)

    return types.int64(array, types.intp), generate


@rt_intrinsic
def store_release(_context, array, index, value):
    """Write an int64 element after everything that was written before it. [any]"""
    from numba.core import types

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], *arguments[:2])
        builder.store_atomic(arguments[2], pointer, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


@rt_intrinsic
def fence(_context):
    """Keep what is written and read before it before what comes after it. [any]"""
    from numba.core import types

    def generate(context, builder, _signature, _arguments):
        builder.fence("acq_rel")
        return context.get_dummy_value()

    return types.void(), generate


def _view(context, builder, kind, shape, address):
    """LLVM code for an array of a Numba type over memory that somebody else owns."""
    from numba.core import types
    from numba.np.arrayobj import populate_array

    array = context.make_array(kind)(context, builder)
    item = context.get_constant(
        types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype))
    )
    strides = [item]
    for extent in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], extent))
    populate_array(
        array,
        data=builder.inttoptr(address, array.data.type),
        shape=shape,
        strides=strides,
        itemsize=item,
        meminfo=None,
    )
    return array._getvalue()


def _array_at(kind: np.dtype, dimensions: int = 1):
    """An intrinsic's type and code: address and extents → array."""
    import numba
    from numba.core import types

    array = types.Array(numba.from_dtype(kind), dimensions, "C")

    def generate(context, builder, _signature, arguments):
        return _view(context, builder, array, arguments[1:], arguments[0])

    return array(types.uintp, *[types.intp] * dimensions), generate


@rt_intrinsic
def floats_at(_context, address, size):
    """The ``size`` float32 at an address, as an array. [any]"""
    return _array_at(_FLOAT)


@rt_intrinsic
def words_at(_context, address, size):
    """The ``size`` int64 at an address, as an array. [any]"""
    return _array_at(_WORD)


@rt_intrinsic
def bytes_at(_context, address, size):
    """The ``size`` bytes at an address, as an array. [any]"""
    return _array_at(_BYTE)


@rt_intrinsic
def table_at(_context, address, rows, columns):
    """The float32 at an address, as an array (rows, columns). [any]"""
    return _array_at(_FLOAT, 2)


@rt_intrinsic
def doubles_at(_context, address, rows, columns):
    """The float64 at an address, as an array (rows, columns). [any]"""
    return _array_at(_DOUBLE, 2)


@rt_intrinsic
def row_at(_context, address, size, row):
    """The ``row``-th of rows of ``size`` float32 at an address, as an array. [any]"""
    from numba.core import types

    kind = types.Array(types.float32, 1, "C")

    def generate(context, builder, _signature, arguments):
        start, size, row = arguments
        offset = builder.mul(builder.mul(size, row), size.type(4))
        return _view(context, builder, kind, [size], builder.add(start, offset))

    return kind(types.uintp, types.intp, types.intp), generate


@rt_intrinsic
def records_at(_context, address, size, dtype):
    """The ``size`` records of a constant dtype at an address, as an array. [any]"""
    from numba.core import types

    kind = types.Array(dtype.dtype, 1, "C")

    def generate(context, builder, _signature, arguments):
        return _view(context, builder, kind, [arguments[1]], arguments[0])

    return kind(types.uintp, types.intp, dtype), generate


@rt_intrinsic
def record_at(_context, address, dtype):
    """The record of a constant dtype at an address. [any]"""
    from numba.core import types

    def generate(context, builder, signature, arguments):
        kind = context.get_value_type(signature.return_type)
        return builder.inttoptr(arguments[0], kind)

    return dtype.dtype(types.uintp, dtype), generate


def _call(arity: int):
    """An intrinsic that calls ``word f(word, …)`` at an address."""
    from llvmlite import ir
    from numba.core import types

    word = ir.IntType(64)

    def emit(_context, builder, _signature, arguments):
        kind = ir.FunctionType(word, [word] * arity).as_pointer()
        return builder.call(builder.inttoptr(arguments[0], kind), list(arguments[1:]))

    return types.uintp(*[types.uintp] * (arity + 1)), emit


@rt_intrinsic
def call2(_context, address, a, b):
    """Call ``word f(word, word)``. [any]"""
    return _call(2)


@rt_intrinsic
def call3(_context, address, a, b, c):
    """Call ``word f(word, word, word)``. [any]"""
    return _call(3)


@rt_intrinsic
def call6(_context, address, a, b, c, d, e, f):
    """Call ``word f(word × 6)``, as a PaStreamCallback. [audio]"""
    return _call(6)


@rt_intrinsic
def call8(_context, address, a, b, c, d, e, f, g, h):
    """Call ``word f(word × 8)``, as OrtApi::Run. [worker]"""
    return _call(8)


@rt_intrinsic
def flush_denormals(_context):
    """Make the processor treat denormals as zero; returns the old mode. [any]"""
    from numba.core import types

    return types.uint64(), _flush_denormals


@rt_intrinsic
def restore_denormals(_context, mode):
    """Put the mode back that `flush_denormals` returned. [any]"""
    from numba.core import types

    return types.void(types.uint64), _restore_denormals


def _flush_denormals(_context, builder, _signature, _arguments):
    from llvmlite import ir

    word = ir.IntType(64)
    if _X86:
        mode = _x86_mode(builder)
        _x86_set_mode(builder, builder.or_(mode, ir.IntType(32)(_MXCSR_FLUSH)))
        return builder.zext(mode, word)
    if _ARM64:
        read = ir.FunctionType(word, [])
        mode = builder.asm(read, "mrs $0, fpcr", "=r", [], side_effect=True)
        _arm_set_mode(builder, builder.or_(mode, word(_FPCR_FLUSH)))
        return mode
    return word(0)


def _restore_denormals(context, builder, _signature, arguments):
    from llvmlite import ir

    if _X86:
        _x86_set_mode(builder, builder.trunc(arguments[0], ir.IntType(32)))
    elif _ARM64:
        _arm_set_mode(builder, arguments[0])
    return context.get_dummy_value()


def _x86_intrinsic(builder, name, word):
    from llvmlite import ir
    from numba.core import cgutils

    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(word, ir.IntType(8).as_pointer())])


def _x86_mode(builder):
    from llvmlite import ir
    from numba.core import cgutils

    word = cgutils.alloca_once(builder, ir.IntType(32))
    _x86_intrinsic(builder, "llvm.x86.sse.stmxcsr", word)
    return builder.load(word)


def _x86_set_mode(builder, mode):
    from llvmlite import ir
    from numba.core import cgutils

    word = cgutils.alloca_once(builder, ir.IntType(32))
    builder.store(mode, word)
    _x86_intrinsic(builder, "llvm.x86.sse.ldmxcsr", word)


def _arm_set_mode(builder, mode):
    from llvmlite import ir

    write = ir.FunctionType(ir.VoidType(), [ir.IntType(64)])
    builder.asm(write, "msr fpcr, $0", "r", [mode], side_effect=True)
