"""What Numba lacks for native threads: atomics, memory and calls by address.

A C function is passed as an address and called through an intrinsic, for a kernel that
closes over a ctypes function cannot be cached.
"""

from __future__ import annotations

import platform

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

_WORD = ir.IntType(64)
_X86 = platform.machine().lower() in ("x86_64", "amd64", "i686", "x86")
_ARM64 = platform.machine().lower() in ("aarch64", "arm64")
_MXCSR_FLUSH = 0x8040  # FTZ and DAZ
_FPCR_FLUSH = 1 << 24  # FZ


def _element(context, builder, kind, array, index):
    view = context.make_array(kind)(context, builder, array)
    return cgutils.get_item_pointer(
        context, builder, kind, view, [index], wraparound=False
    )


@intrinsic
def load_acquire(_context, array, index):
    """Read an int64 element; what its writer wrote before is visible. [any]"""

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(pointer, "acquire", 8)

    return types.int64(array, types.intp), generate


@intrinsic
def store_release(_context, array, index, value):
    """Write an int64 element after everything that was written before it. [any]"""

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], *arguments[:2])
        builder.store_atomic(arguments[2], pointer, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


def view(context, builder, kind, shape, address):
    """LLVM code for an array of a Numba type over memory that somebody else owns."""
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


@intrinsic
def floats_at(_context, address, size):
    """The ``size`` float32 at an address, as an array. [any]"""
    kind = types.Array(types.float32, 1, "C")

    def generate(context, builder, _signature, arguments):
        return view(context, builder, kind, arguments[1:], arguments[0])

    return kind(types.uintp, types.intp), generate


@intrinsic
def table_at(_context, address, rows, columns):
    """The float32 at an address, as an array (rows, columns). [any]"""
    kind = types.Array(types.float32, 2, "C")

    def generate(context, builder, _signature, arguments):
        return view(context, builder, kind, arguments[1:], arguments[0])

    return kind(types.uintp, types.intp, types.intp), generate


@intrinsic
def row_at(_context, address, size, row):
    """The ``row``-th of rows of ``size`` float32 at an address, as an array. [any]"""
    kind = types.Array(types.float32, 1, "C")

    def generate(context, builder, _signature, arguments):
        start, size, row = arguments
        offset = builder.mul(builder.mul(size, row), size.type(4))
        return view(context, builder, kind, [size], builder.add(start, offset))

    return kind(types.uintp, types.intp, types.intp), generate


def _call(arity: int):
    """An intrinsic that calls ``word f(word, …)`` at an address."""

    def emit(_context, builder, _signature, arguments):
        kind = ir.FunctionType(_WORD, [_WORD] * arity).as_pointer()
        return builder.call(builder.inttoptr(arguments[0], kind), list(arguments[1:]))

    return types.uintp(*[types.uintp] * (arity + 1)), emit


@intrinsic
def call2(_context, address, a, b):
    """Call ``word f(word, word)``. [any]"""
    return _call(2)


@intrinsic
def call3(_context, address, a, b, c):
    """Call ``word f(word, word, word)``. [any]"""
    return _call(3)


@intrinsic
def call8(_context, address, a, b, c, d, e, f, g, h):
    """Call ``word f(word × 8)``, as OrtApi::Run. [worker]"""
    return _call(8)


@intrinsic
def flush_denormals(_context):
    """Make the processor treat denormals as zero; returns the old mode. [any]"""
    return types.uint64(), _flush_denormals


@intrinsic
def restore_denormals(_context, mode):
    """Put the mode back that `flush_denormals` returned. [any]"""
    return types.void(types.uint64), _restore_denormals


def _flush_denormals(_context, builder, _signature, _arguments):
    if _X86:
        mode = _x86_mode(builder)
        _x86_set_mode(builder, builder.or_(mode, ir.IntType(32)(_MXCSR_FLUSH)))
        return builder.zext(mode, _WORD)
    if _ARM64:
        read = ir.FunctionType(_WORD, [])
        mode = builder.asm(read, "mrs $0, fpcr", "=r", [], side_effect=True)
        _arm_set_mode(builder, builder.or_(mode, _WORD(_FPCR_FLUSH)))
        return mode
    return _WORD(0)


def _restore_denormals(context, builder, _signature, arguments):
    if _X86:
        _x86_set_mode(builder, builder.trunc(arguments[0], ir.IntType(32)))
    elif _ARM64:
        _arm_set_mode(builder, arguments[0])
    return context.get_dummy_value()


def _x86_intrinsic(builder, name, word):
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(word, ir.IntType(8).as_pointer())])


def _x86_mode(builder):
    word = cgutils.alloca_once(builder, ir.IntType(32))
    _x86_intrinsic(builder, "llvm.x86.sse.stmxcsr", word)
    return builder.load(word)


def _x86_set_mode(builder, mode):
    word = cgutils.alloca_once(builder, ir.IntType(32))
    builder.store(mode, word)
    _x86_intrinsic(builder, "llvm.x86.sse.ldmxcsr", word)


def _arm_set_mode(builder, mode):
    write = ir.FunctionType(ir.VoidType(), [_WORD])
    builder.asm(write, "msr fpcr, $0", "r", [mode], side_effect=True)
