"""ONNX Runtime's C API, called through ctypes by its place in the table of functions.

The wheels of ONNX Runtime ship the C library on every platform. Its functions sit in
one table whose order never changes (newer versions only append), so a place in it is
as good as a name, and an address from it can be called by native code without the GIL.
Every function here is for the control side; only the addresses go to native threads.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from rtaudio_dl.errors import EngineError

API_VERSION = 17
LIBRARY_NAMES = {"win32": "onnxruntime.dll", "darwin": "libonnxruntime.*dylib"}
DEFAULT_LIBRARY_NAME = "libonnxruntime.so*"
LOG_NOTHING_BUT_FATAL = 4  # every error text also comes back in a status
MAX_ERROR_LENGTH = 1000
# Where in its own source an error arose: file, line and signature, before the words.
SOURCE_PLACE = re.compile(
    r"\S+\.(?:cc|cpp|h):\d+ .*?\) (?:\[ONNXRuntimeError\] : \d+ : \w+ : )?"
)

MakeError = Callable[[str], Exception]

# Functions that return a status: name -> (place in struct OrtApi, argument types).
STATUS_FUNCTIONS = {
    "CreateEnv": (3, (c_int, c_char_p, c_void_p)),
    "DisableTelemetryEvents": (6, (c_void_p,)),
    "CreateSessionFromArray": (8, (c_void_p, c_char_p, c_size_t, c_void_p, c_void_p)),
    "Run": (
        9,
        (
            *(c_void_p, c_void_p),  # session, run options
            *(c_void_p, c_void_p, c_size_t),  # input names, values, count
            *(c_void_p, c_size_t, c_void_p),  # output names, count, values
        ),
    ),
    "CreateSessionOptions": (10, (c_void_p,)),
    "SetSessionExecutionMode": (13, (c_void_p, c_int)),
    "SetSessionGraphOptimizationLevel": (23, (c_void_p, c_int)),
    "SetIntraOpNumThreads": (24, (c_void_p, c_int)),
    "SetInterOpNumThreads": (25, (c_void_p, c_int)),
    "SessionGetInputCount": (30, (c_void_p, c_void_p)),
    "SessionGetOutputCount": (31, (c_void_p, c_void_p)),
    "SessionGetInputTypeInfo": (33, (c_void_p, c_size_t, c_void_p)),
    "SessionGetOutputTypeInfo": (34, (c_void_p, c_size_t, c_void_p)),
    "SessionGetInputName": (36, (c_void_p, c_size_t, c_void_p, c_void_p)),
    "SessionGetOutputName": (37, (c_void_p, c_size_t, c_void_p, c_void_p)),
    "CreateRunOptions": (39, (c_void_p,)),
    "RunOptionsSetTerminate": (46, (c_void_p,)),
    "CreateTensorWithDataAsOrtValue": (
        49,
        (c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_int, c_void_p),
    ),
    "CastTypeInfoToTensorInfo": (55, (c_void_p, c_void_p)),
    "GetTensorElementType": (60, (c_void_p, c_void_p)),
    "GetDimensionsCount": (61, (c_void_p, c_void_p)),
    "GetDimensions": (62, (c_void_p, POINTER(c_int64), c_size_t)),
    "GetSymbolicDimensions": (63, (c_void_p, POINTER(c_char_p), c_size_t)),
    "CreateCpuMemoryInfo": (69, (c_int, c_int, c_void_p)),
    "AllocatorFree": (76, (c_void_p, c_void_p)),
    "GetAllocatorWithDefaultOptions": (78, (c_void_p,)),
    "GetAvailableProviders": (125, (c_void_p, c_void_p)),
    "ReleaseAvailableProviders": (126, (c_void_p, c_int)),
    "AddSessionConfigEntry": (130, (c_void_p, c_char_p, c_char_p)),
    "SessionOptionsAppendExecutionProvider_CUDA_V2": (204, (c_void_p, c_void_p)),
    "CreateCUDAProviderOptions": (205, (c_void_p,)),
    "UpdateCUDAProviderOptions": (206, (c_void_p, c_void_p, c_void_p, c_size_t)),
}

# Functions that take one pointer and return nothing.
RELEASE_FUNCTIONS = {
    "Status": 93,
    "MemoryInfo": 94,
    "Session": 95,
    "Value": 96,
    "RunOptions": 97,
    "TypeInfo": 98,
    "SessionOptions": 100,
    "CUDAProviderOptions": 208,
}
GET_ERROR_MESSAGE = 2
TABLE_LENGTH = 209


class _ApiBase(ctypes.Structure):
    _fields_ = [
        ("GetApi", ctypes.CFUNCTYPE(c_void_p, c_uint32)),
        ("GetVersionString", ctypes.CFUNCTYPE(c_char_p)),
    ]


def library_path() -> Path:
    """The C library inside the installed onnxruntime package (which isn't imported).

    Raises EngineError when the package or its library is missing.
    """
    spec = find_spec("onnxruntime")
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(
            "onnxruntime is not installed; run: python -m pip install onnxruntime"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "capi"
    name = LIBRARY_NAMES.get(sys.platform, DEFAULT_LIBRARY_NAME)
    found = sorted(folder.glob(name))
    if not found:
        raise EngineError(
            f"{folder} has no {name}; reinstall with: "
            "python -m pip install --force-reinstall onnxruntime"
        )
    return found[-1]


@cache
def _base() -> _ApiBase:
    path = library_path()
    try:
        get_base = ctypes.CDLL(str(path)).OrtGetApiBase
    except (OSError, AttributeError) as error:
        raise EngineError(f"{path} cannot be loaded: {error}") from None
    get_base.restype = POINTER(_ApiBase)
    return get_base().contents


def version() -> str:
    """The version of the loaded library, for example ``1.31.1``."""
    return _base().GetVersionString().decode()


@cache
def _table() -> ctypes.Array:
    address = _base().GetApi(API_VERSION)
    if not address:
        raise EngineError(
            f"onnxruntime {version()} is too old; version 1.{API_VERSION} or newer is "
            "needed: python -m pip install --upgrade onnxruntime"
        )
    return ctypes.cast(address, POINTER(c_void_p * TABLE_LENGTH)).contents


@cache
def _status_function(name: str) -> ctypes._CFuncPtr:
    place, arguments = STATUS_FUNCTIONS[name]
    return ctypes.CFUNCTYPE(c_void_p, *arguments)(_table()[place])


@cache
def _release_function(kind: str) -> ctypes._CFuncPtr:
    return ctypes.CFUNCTYPE(None, c_void_p)(_table()[RELEASE_FUNCTIONS[kind]])


def check(status: int | None, error: MakeError = EngineError) -> None:
    """Raise ``error`` with ONNX Runtime's own text unless ``status`` is null.

    Releases the status, so a status may be checked once only. The text may quote the
    model, so it is cut to a length and to characters that are safe on a terminal.
    """
    if not status:
        return
    message = ctypes.CFUNCTYPE(c_char_p, c_void_p)(_table()[GET_ERROR_MESSAGE])(status)
    text = (message or b"")[: 4 * MAX_ERROR_LENGTH].decode(errors="replace")
    release("Status", status)
    text = "".join(c if c.isprintable() else " " for c in text)
    text = SOURCE_PLACE.sub("", text).strip()[:MAX_ERROR_LENGTH]
    raise error(text or "onnxruntime did not say why")


def call(name: str, *arguments, error: MakeError = EngineError) -> None:
    """Call a function of the table; a failure raises ``error`` with its text."""
    check(_status_function(name)(*arguments), error)


def new(name: str, *arguments, error: MakeError = EngineError) -> int:
    """Call a function whose last parameter receives a pointer, and return that."""
    out = c_void_p()
    call(name, *arguments, ctypes.addressof(out), error=error)
    return out.value or 0


def number(name: str, *arguments, kind: type = c_size_t) -> int:
    """Call a function whose last parameter receives a count (or a ``c_int`` enum)."""
    out = kind()
    call(name, *arguments, ctypes.addressof(out))
    return out.value


def release(kind: str, pointer: int | None) -> None:
    """Release one object of a kind of `RELEASE_FUNCTIONS`; null is allowed."""
    _release_function(kind)(pointer)


@contextmanager
def owned(kind: str, pointer: int) -> Iterator[int]:
    """Lend a pointer and release it at the end, whatever happens."""
    try:
        yield pointer
    finally:
        release(kind, pointer)


@cache
def environment() -> int:
    """The one environment of this process; it lives until the process ends."""
    env = new("CreateEnv", LOG_NOTHING_BUT_FATAL, b"rtaudio_dl")
    call("DisableTelemetryEvents", env)
    return env


@cache
def allocator() -> int:
    """The default CPU allocator, in which ONNX Runtime returns its texts."""
    return new("GetAllocatorWithDefaultOptions")


def take_text(pointer: int) -> str:
    """Copy a C text that the default allocator owns, and free it."""
    try:
        return ctypes.string_at(pointer).decode(errors="replace")
    finally:
        call("AllocatorFree", allocator(), pointer)


def available_providers() -> tuple[str, ...]:
    """The execution providers that the library was built with, best first."""
    names, count = POINTER(c_char_p)(), c_int()
    call("GetAvailableProviders", ctypes.addressof(names), ctypes.addressof(count))
    try:
        return tuple(names[i].decode() for i in range(count.value))
    finally:
        call("ReleaseAvailableProviders", names, count.value)


def run_address() -> int:
    """Address of ``OrtApi::Run``, for native callers.

    ``OrtStatus* (session, run_options, input_names, input_values, input_count,
    output_names, output_count, output_values)``: eight words, null on success.
    """
    return _table()[STATUS_FUNCTIONS["Run"][0]]


def release_status_address() -> int:
    """Address of ``OrtApi::ReleaseStatus``: ``void (OrtStatus*)``, for native callers.

    A native caller must release each status that isn't null, or it leaks.
    """
    return _table()[RELEASE_FUNCTIONS["Status"]]
