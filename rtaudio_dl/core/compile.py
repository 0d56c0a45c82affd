"""From entries to an object: Numba's code, one wrapper of C each, optimised as a whole.

Run as ``python -m rtaudio_dl.core.compile MODULE FILE …``, for a process that compiles
has Numba's own optimiser off (NUMBA_OPT=0).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from rtaudio_dl.core.entry import Entry, entries
from rtaudio_dl.core.kernel import compiling_objects
from rtaudio_dl.core.offences import RAISED, offences
from rtaudio_dl.errors import EngineError


def main() -> None:
    """Compile modules, each into its file; what another process makes is awaited."""
    from rtaudio_dl.core import objects

    given = sys.argv[1:]
    for module, name in zip(given[::2], given[1::2], strict=True):
        path = Path(name)
        importlib.import_module(module)
        with objects.only_one(path):
            if not path.exists():
                objects.save(path, objects.pack(*compile_module(module)))


def compile_module(module: str) -> tuple[dict[str, str], bytes]:
    """The symbols of a module's entries by name, and the object that has them.

    Raises EngineError where code does what no thread here may do.
    """
    machine, whole, symbols = link_module(module)
    found = offences(whole)
    if found:
        raise EngineError(f"{module}: real-time code {found[0]}")
    optimise(machine, whole)
    return symbols, machine.emit_object(whole)


def link_module(
    module: str, names: Collection[str] | None = None, watched: bool = False
) -> tuple[Any, Any, dict[str, str]]:
    """A module's entries, or some of them, as one module of LLVM, not optimised yet.

    ``watched`` entries call `check.RAISED` where their kernel raises: for who reads
    the code, for there is no such function.
    """
    import llvmlite.binding as llvm

    compiling_objects(True)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="pic",
        codemodel="default",
    )
    whole, symbols = llvm.parse_assembly(""), {}
    whole.triple, whole.data_layout = machine.triple, str(machine.target_data)
    for entry in entries[module].values():
        if names is None or entry.name in names:
            symbols[entry.name] = f"rtaudio_dl.{entry.module}.{entry.name}"
            for text in _texts_of(entry, symbols[entry.name], watched):
                whole.link_in(llvm.parse_assembly(text))
    whole.verify()
    for function in whole.functions:
        if not function.is_declaration and function.name not in symbols.values():
            function.linkage = "internal"
    return machine, whole, symbols


def _texts_of(entry: Entry, symbol: str, watched: bool) -> tuple[str, str]:
    """LLVM code of an entry's kernel, and of the wrapper that C calls."""
    from numba import types

    kinds = {
        "v": types.void,
        "p": types.uintp,
        "i": types.int32,
        "u": types.uint32,
        "w": types.int64,
        "d": types.float64,
    }
    arguments = tuple(kinds[kind] for kind in entry.signature[1:])
    dispatcher = entry.kernel.dispatcher
    dispatcher.compile(arguments)
    compiled = dispatcher.overloads[arguments]
    wrapper = _wrapper(entry, compiled, symbol, watched)
    return compiled.library.get_llvm_str(), wrapper


def _wrapper(entry: Entry, compiled: Any, symbol: str, watched: bool) -> str:
    """Numba's calling convention behind that of C; a status that is no 0 gives 0.

    Kernels do not raise: what could, such as an index out of range, is not checked.
    """
    from llvmlite import ir
    from numba import types

    word = {"p": 64, "w": 64, "i": 32, "u": 32}
    kinds = [
        ir.DoubleType() if kind == "d" else ir.IntType(word[kind])
        for kind in entry.signature[1:]
    ]
    result = entry.signature[0]
    returns = compiled.signature.return_type
    void = result == "v"
    outer = ir.VoidType() if void else ir.IntType(word.get(result, 64))
    if result == "d":
        outer = ir.DoubleType()
    pointer = ir.PointerType(ir.IntType(8))
    inner_result = _llvm_type(ir, types, returns)
    module = ir.Module(symbol)
    inner = ir.Function(
        module,
        ir.FunctionType(
            ir.IntType(32), [inner_result.as_pointer(), pointer.as_pointer(), *kinds]
        ),
        compiled.fndesc.llvm_func_name,
    )
    function = ir.Function(module, ir.FunctionType(outer, kinds), symbol)
    builder = ir.IRBuilder(function.append_basic_block())
    place, trouble = builder.alloca(inner_result), builder.alloca(pointer)
    builder.store(ir.Constant(inner_result, None if void else 0), place)
    status = builder.call(inner, [place, trouble, *function.args])
    if watched:
        kind = ir.FunctionType(ir.VoidType(), [])
        with builder.if_then(builder.icmp_unsigned("!=", status, status.type(0))):
            builder.call(ir.Function(module, kind, RAISED), [])
    if void:
        builder.ret_void()
    else:
        builder.ret(_converted(ir, builder, builder.load(place), outer, returns))
    return str(module)


def _llvm_type(ir: Any, types: Any, kind: Any) -> Any:
    if kind == types.none:
        return ir.PointerType(ir.IntType(8))
    if isinstance(kind, types.Float):
        return ir.DoubleType() if kind.bitwidth == 64 else ir.FloatType()
    if isinstance(kind, types.Boolean) or kind.name == "Literal[bool]":
        return ir.IntType(8)
    return ir.IntType(kind.bitwidth)


def _converted(ir: Any, builder: Any, value: Any, outer: Any, kind: Any) -> Any:
    if value.type == outer:
        return value
    if isinstance(outer, ir.DoubleType):
        return builder.sitofp(value, outer)
    if value.type.width > outer.width:
        return builder.trunc(value, outer)
    signed = getattr(kind, "signed", False)
    return (builder.sext if signed else builder.zext)(value, outer)


def optimise(machine: Any, whole: Any) -> None:
    """Make a linked module what will run."""
    import llvmlite.binding as llvm

    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = True
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(whole, passes)


if __name__ == "__main__":
    main()
