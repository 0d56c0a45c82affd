"""What no kernel may do, read from the code that was compiled for it."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re
import tracemalloc

import numba
import numpy as np
import pytest
import rtaudio_dl.rt
from numba.core.ccallback import CFunc
from numba.core.runtime import _nrt_python, rtsys

from rtaudio_dl.core.kernel import kernels, rt_kernel
from rtaudio_dl.dsp.rational_resampler import new_resampler
from rtaudio_dl.engine import events, layout
from rtaudio_dl.kinds.classifier.layout import new_ear
from tests.engine.rig import Rig, sine
from tests.entries import render_blocks

# What a body may call by name: nothing else exists that neither allocates nor locks.
MATHS = {
    f"{name}{suffix}"
    for name in "sin cos tan tanh exp exp2 log pow sqrt erf floor copysign fmod".split()
    for suffix in ("", "f")
}
LOCKING = {"cmpxchg", "atomicrmw", "fence"}  # rings need plain loads and stores only
WRAPPERS = ("_ZN7cpython", "cfunc.")  # the way in from Python or C, not the kernel
CALLED = re.compile(r"call[^@(]*@\"?([\w.$]+)")
RETURNED = re.compile(r"^\s*ret i32 (\S+)")

MODULES = [
    f"rtaudio_dl.rt.{module.name}"
    for module in pkgutil.iter_modules(rtaudio_dl.rt.__path__)
] + ["rtaudio_dl.io.jack.cycle", "rtaudio_dl.io.midi.jack"]
LOADED = [importlib.import_module(name) for name in MODULES]


def function_of(compiled):
    return compiled._pyfunc if isinstance(compiled, CFunc) else compiled.py_func


def label(compiled) -> str:
    function = function_of(compiled)
    return f"{function.__module__}.{function.__name__}"


def callbacks() -> list[CFunc]:
    """The functions that drivers call."""
    return [c for m in LOADED for c in vars(m).values() if isinstance(c, CFunc)]


def entries() -> dict:
    """What threads and Python call, with arguments of the types in use."""
    engine = layout.Engine(48_000)
    out = np.zeros((1, layout.OUTPUTS), np.float32)
    heard = np.zeros((1, 3), np.float32)
    ears = new_ear(48_000, 16_000, 160, 2)
    resampler = new_resampler(48_000, 16_000)
    event = events.new_event()
    find = {label(k).removeprefix("rtaudio_dl.rt."): k for k in kernels}
    arguments = {
        "callback.play_live": (engine, heard, True, out, True),
        "input.take_input": (engine, heard, True),
        "analysis.listen": (ears,),
        "analysis.analyse_file": (ears, heard),
        "analysis.end_file": (ears,),
        "stream_resampler.resample": (*resampler[:3], heard, 1, resampler[3]),
        "detector.detect": (
            *(ears.detector, ears.classes, ears.scores, 0, 0, ears.found),
        ),
        "onset.find_onsets": (ears.onset[0], ears.mono, 1, 0, ears.onsets),
        "process.process_block": (engine, out),
        "worker.work": (engine,),
        "worker.serve": (engine,),
        "stream_worker.work_streams": (engine,),
        "offline.render_blocks": (engine, out, 1),
        "offline.settle": (engine, 0),
        "offline.apply_now": (engine,),
        "offline.prepare_sound": (engine, 0, 0, 0, 0.0, 0.0, 1.0, True),
        "pool.unready": (engine, 0),
        "words.load_word": (engine.patch_life, 0),
        "words.store_word": (engine.patch_life, 0, 0),
        "words.change_word": (engine.patch_life, 0, 0, 0),
        "switch.turn": (engine.input_switch, 0),
        "switch.look": (engine.input_switch,),
        "switch.asked_value": (engine.input_switch,),
        "switch.is_seen": (engine.input_switch,),
        "track.begin_generation": (engine.track_cursors[0], 0, 0, 0),
        "ring.push": (engine.control_ring, engine.control_cursors, event[0]),
        "ring.pop": (engine.flight_ring, engine.flight_cursors, engine.logged),
        "ring.skip": (engine.midi_cursors,),
        "ring.pop_many": (engine.flight_ring, engine.flight_cursors, engine.logged),
        "ring.read_frames": (engine.tap_ring, engine.tap_cursors, out),
        "ring.readable": (engine.tap_cursors,),
    }
    return {find[name]: values for name, values in arguments.items()}


def own_kernels() -> list:
    """The registry, without what other tests and tools have put into it."""
    return [k for k in kernels if function_of(k).__module__ in MODULES]


def reached_from(compiled, reached: set) -> set:
    """A kernel and all kernels that its code names."""
    if compiled not in reached:
        reached.add(compiled)
        function = function_of(compiled)
        for name in function.__code__.co_names:
            other = function.__globals__.get(name)
            if any(other is kernel for kernel in kernels):
                reached_from(other, reached)
    return reached


def module_of(compiled, arguments=()):
    """The compiled LLVM module; from the cache too, unlike Numba's inspection."""
    if isinstance(compiled, CFunc):
        return compiled._library._get_module_for_linking()
    signature = tuple(map(numba.typeof, arguments))
    compiled.compile(signature)
    return compiled.overloads[signature].library._get_module_for_linking()


def bodies(module) -> list:
    defined = [f for f in module.functions if not f.is_declaration]
    return [f for f in defined if not f.name.startswith(WRAPPERS)]


def is_allowed(name: str) -> bool:
    return name.startswith("llvm.") or name in MATHS


def faults_of(module) -> list[str]:
    """Everything in the bodies that has no place in the real-time world."""
    assert bodies(module)
    return [
        fault
        for body in bodies(module)
        for block in body.blocks
        for instruction in block.instructions
        for fault in faults_in(instruction)
    ]


def faults_in(instruction) -> list[str]:
    text = str(instruction)
    if instruction.opcode in LOCKING:
        return [text]
    called, returned = CALLED.search(text), RETURNED.search(text)
    if instruction.opcode in ("call", "invoke") and called:
        return [] if is_allowed(called[1]) else [f"calls {called[1]}"]
    # Numba's bodies return 0, or the number of an exception.
    return [f"raises: {text}"] if returned and returned[1] != "0" else []


ENTRIES = entries()


@pytest.mark.parametrize("entry", ENTRIES, ids=label)
def test_kernel_neither_allocates_nor_locks_nor_raises_nor_calls_python(entry):
    assert faults_of(module_of(entry, ENTRIES[entry])) == []


@pytest.mark.parametrize("callback", callbacks(), ids=label)
def test_callback_neither_allocates_nor_locks_nor_raises_nor_calls_python(callback):
    assert faults_of(module_of(callback)) == []


def test_every_kernel_is_part_of_what_was_read():
    """Kernels are inlined: a body that was read holds the code of all that it names."""
    reached: set = set()
    for entry in [*ENTRIES, *callbacks()]:
        reached_from(entry, reached)
    missing = [label(k) for k in own_kernels() if k not in reached]
    assert missing == []
    assert len(own_kernels()) > 60


@pytest.mark.parametrize("name", ["ring.push", "ring.pop", "ring.read_frames"])
def test_cursors_are_read_with_acquire_and_written_with_release(name):
    (entry,) = (e for e in ENTRIES if label(e).endswith(name))
    (body,) = bodies(module_of(entry, ENTRIES[entry]))
    code = str(body)
    assert re.search(r"load atomic .* acquire", code)
    assert re.search(r"store atomic .* release", code)


def allocates(n):
    return np.zeros(n).sum()


def shares(n):
    a = np.zeros(3)
    return [a, a]


def prints(n):
    print(n)  # noqa: T201
    return n


def raises(n):
    if n > 3:
        raise ValueError("no")
    return n


def calls_python(n):
    with numba.objmode():
        gc.collect()
    return n


@pytest.mark.parametrize(
    "function, finds",
    [
        (allocates, "NRT_"),
        (shares, "NRT_"),
        (prints, "calls "),
        (raises, "raises"),
        (calls_python, "Py"),
    ],
)
def test_the_reader_finds(function, finds):
    kernel = numba.njit(error_model="numpy")(function)
    assert any(finds in fault for fault in faults_of(module_of(kernel, (1,))))


def test_a_kernel_that_allocates_is_refused_when_it_is_compiled():
    kernel = rt_kernel(allocates)
    try:
        with pytest.raises(numba.TypingError):
            kernel(3)
    finally:
        kernels.remove(kernel)


def test_a_thousand_blocks_allocate_nothing():
    rig = Rig()
    rig.add(sine(48_000), freshness="frozen")
    for at in range(0, 128_000, 1000):
        rig.on(velocity=0.5, at=at)
    out = np.zeros((128_000, layout.OUTPUTS), np.float32)
    render_blocks(rig.engine, out[:128], 128)
    _nrt_python.memsys_enable_stats()
    gc.collect()
    before = rtsys.get_allocation_stats()
    tracemalloc.start()
    held = tracemalloc.get_traced_memory()[0]
    render_blocks(rig.engine, out, 128)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rtsys.get_allocation_stats() == before
    assert peak - held < 1000  # a byte for each block; the call itself takes a few
    assert rig.count("sounded") > 100
