"""What linked code of LLVM does that real-time code may not; see `core/check.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# The functions of C that machine code may call: they compute, and nothing else.
PURE = set(
    "acos asin atan atan2 ceil cos cosf erf exp exp2 exp10 expf floor fmod log "
    "log10 log2 logf memcpy memmove memset pow powf sin sinf sincos sqrt tan tanh "
    "trunc".split()
)
# Rings need loads and stores only, and histories a fence, which waits for nobody.
_LOCKING = {"cmpxchg", "atomicrmw"}
_PYTHON = ("Py", "_Py", "numba_", "NRT_")
RAISED = "rtaudio_dl.raised"  # is called where a kernel raises


def calls_raised(whole: Any) -> bool:
    return any(
        instruction.opcode == "call" and f"@{RAISED}(" in str(instruction)
        for instruction in _all_instructions(whole)
    )


def offences(whole: Any) -> list[str]:
    """What is wrong with a linked module of LLVM, each thing once."""
    found = [*_calls(whole), *_instructions(whole)]
    return list(dict.fromkeys(found))


def _calls(whole: Any) -> Iterator[str]:
    for function in whole.functions:
        name = function.name
        if function.is_declaration and not name.startswith("llvm."):
            if name.startswith(_PYTHON):
                yield f"calls Python's {name}"
            elif name not in PURE and name != RAISED:
                yield f"calls {name}"


def _instructions(whole: Any) -> Iterator[str]:
    for instruction in _all_instructions(whole):
        if instruction.opcode in _LOCKING:
            yield f"locks: {instruction}".strip()


def _all_instructions(whole: Any) -> Iterator[Any]:
    for function in whole.functions:
        for block in function.blocks:
            yield from block.instructions
