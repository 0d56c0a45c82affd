"""A session of ONNX Runtime whose inputs and outputs are the caller's own memory."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rtaudio_dl.errors import EngineError, ModelError
from rtaudio_dl.models import ort
from rtaudio_dl.models.options import session_options

# ONNX element types that a host can bind; the rest have a name for messages only.
DTYPE_CODES = {"float32": 1, "int32": 6, "int64": 7}
DTYPE_NAMES = {code: name for name, code in DTYPE_CODES.items()} | {
    **{2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 8: "string", 9: "bool"},
    **{10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16"},
}
MAX_GRAPH_RANK = 64  # more dimensions than NumPy can hold
DEVICE_ALLOCATOR, DEFAULT_MEMORY = 0, 0

Arrays = Mapping[str, np.ndarray] | Sequence[np.ndarray]


@dataclass(frozen=True)
class GraphTensor:
    """An input or output as the graph declares it.

    ``shape`` holds an int for a fixed dimension, a name (or ``?``) for a free one.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]


class NativeSession:
    """One loaded model, run by one thread at a time on memory bound beforehand.

    ``address`` is the ``OrtSession*`` for native callers; ``inputs`` (those without a
    default) and ``outputs`` describe the graph. The caller closes it, once no native
    thread uses it any more: nothing is released by garbage collection.
    """

    def __init__(self, model: bytes, provider: str = "cpu"):
        """Load ``model``, the bytes of an ONNX file.

        Raises ModelError when ONNX Runtime refuses the bytes, DeviceError when it
        cannot load the provider (``cpu`` or ``cuda``).
        """
        self.provider = provider
        self.address = 0
        self._held: dict[int, np.ndarray] = {}  # OrtValue* -> the memory it points to
        with session_options(provider) as options:
            self.address = ort.new(
                "CreateSessionFromArray",
                *(ort.environment(), model, len(model), options),
                error=lambda text: ModelError(f"refused by ONNX Runtime: {text}"),
            )
        try:
            self.inputs = self._tensors("Input")
            self.outputs = self._tensors("Output")
        except BaseException:
            self.close()
            raise

    def values(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """Make one OrtValue over each array's memory, without a copy.

        The arrays are C-contiguous float32, int32 or int64; the session keeps them
        alive. Returns a uintp array of ``OrtValue*``, valid until `free` or `close`.
        """
        self.require_open()
        for array in arrays:
            _check_memory(array)
        made = np.zeros(len(arrays), np.uintp)
        memory = ort.new("CreateCpuMemoryInfo", DEVICE_ALLOCATOR, DEFAULT_MEMORY)
        try:
            with ort.owned("MemoryInfo", memory):
                for index, array in enumerate(arrays):
                    value = _make_value(memory, array)
                    made[index] = value
                    self._held[value] = array
        except BaseException:
            self.free(made)
            raise
        return made

    def free(self, values: np.ndarray) -> None:
        """Release OrtValues that `values` made, and zero the array: again, nothing."""
        for value in values.tolist():
            if self._held.pop(value, None) is not None:
                ort.release("Value", value)
        values[:] = 0  # an address may come back as that of a newer value

    def bind(self, inputs: Arrays, outputs: Arrays) -> Binding:
        """Bind arrays to the graph: by name, or all of them in the graph's order.

        Each array must match its tensor's dtype and fixed dimensions. Outputs that a
        mapping leaves out are not computed. Raises ModelError.
        """
        self.require_open()
        inputs = _by_name(self.inputs, inputs, "inputs")
        outputs = _by_name(self.outputs, outputs, "outputs")
        missing = [t.name for t in self.inputs if t.name not in inputs]
        if missing:
            raise ModelError(f"inputs without an array: {', '.join(missing)}")
        return Binding(self, inputs, outputs)

    def close(self) -> None:
        """Release all values, then the session; again: nothing."""
        while self._held:
            ort.release("Value", self._held.popitem()[0])
        address, self.address = self.address, 0
        ort.release("Session", address)

    def require_open(self) -> None:
        """Raise EngineError once it is closed: whoever ran it would crash."""
        if not self.address:
            raise EngineError("the session is closed; open the model again")

    def _tensors(self, side: str) -> tuple[GraphTensor, ...]:
        count = ort.number(f"SessionGet{side}Count", self.address)
        return tuple(self._tensor(side, index) for index in range(count))

    def _tensor(self, side: str, index: int) -> GraphTensor:
        name = ort.take_text(
            ort.new(f"SessionGet{side}Name", self.address, index, ort.allocator())
        )
        info = ort.new(f"SessionGet{side}TypeInfo", self.address, index)
        with ort.owned("TypeInfo", info):
            tensor = ort.new("CastTypeInfoToTensorInfo", info)
            if not tensor:
                raise ModelError(f"{side.lower()} {name!r} is not a tensor")
            code = ort.number("GetTensorElementType", tensor, kind=ctypes.c_int)
            dtype = DTYPE_NAMES.get(code, f"element type {code}")
            return GraphTensor(name, dtype, _shape(name, tensor))

    def __enter__(self) -> NativeSession:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class Binding:
    """What a native loop passes to ``Run``: names and values of inputs and outputs.

    ``input_names``, ``input_values``, ``output_names`` and ``output_values`` are uintp
    arrays of pointers, valid until `close` or until the session closes.
    """

    def __init__(
        self,
        session: NativeSession,
        inputs: dict[str, np.ndarray],
        outputs: dict[str, np.ndarray],
    ):
        self.session, self._closed = session, False
        self.inputs, self.outputs = inputs, outputs
        self._texts = [ctypes.create_string_buffer(n.encode()) for n in inputs]
        self._texts += [ctypes.create_string_buffer(n.encode()) for n in outputs]
        names = np.array([ctypes.addressof(t) for t in self._texts], np.uintp)
        self.input_names, self.output_names = np.split(names, [len(inputs)])
        self._values = session.values([*inputs.values(), *outputs.values()])
        # Copies: a caller may put other values into them, which are not ours to free.
        self.input_values = self._values[: len(inputs)].copy()
        self.output_values = self._values[len(inputs) :].copy()

    def run(self, run_options: int | None = None) -> None:
        """Run once, from Python, without the GIL: for warm-up, probes and tests.

        Reads the bound inputs and writes the bound outputs. Raises ModelError, and
        EngineError once it is closed.
        """
        self.session.require_open()
        if self._closed:
            raise EngineError("the binding is closed; bind the arrays again")
        ort.call(
            "Run",
            *(self.session.address, run_options),
            *(self.input_names.ctypes.data, self.input_values.ctypes.data),
            *(len(self.input_values), self.output_names.ctypes.data),
            *(len(self.output_values), self.output_values.ctypes.data),
            error=ModelError,
        )

    def write(self, record: np.void) -> None:
        """Fill a `rtaudio_dl.core.run.RUN` record: native threads run it from there.

        The binding has to live as long as they may.
        """
        record["run"] = ort.run_address()
        record["release_status"] = ort.release_status_address()
        record["session"] = self.session.address
        record["input_names"] = self.input_names.ctypes.data
        record["input_values"] = self.input_values.ctypes.data
        record["inputs"] = len(self.input_values)
        record["output_names"] = self.output_names.ctypes.data
        record["output_values"] = self.output_values.ctypes.data
        record["outputs"] = len(self.output_values)

    def close(self) -> None:
        """Release the values; again, or after the session: nothing."""
        self._closed = True
        self.session.free(self._values)


def _check_memory(array: np.ndarray) -> None:
    usable = array.flags.c_contiguous and array.flags.writeable and array.dtype.isnative
    if array.dtype.name not in DTYPE_CODES or not usable:
        raise ModelError(
            f"cannot bind a {array.dtype.name} array with strides {array.strides}; "
            f"allowed: writable, C-contiguous {', '.join(DTYPE_CODES)}"
        )


def _make_value(memory: int, array: np.ndarray) -> int:
    shape = (ctypes.c_int64 * array.ndim)(*array.shape)
    return ort.new(
        "CreateTensorWithDataAsOrtValue",
        *(memory, array.ctypes.data, array.nbytes),
        *(ctypes.addressof(shape), array.ndim, DTYPE_CODES[array.dtype.name]),
    )


def _shape(name: str, tensor: int) -> tuple[int | str, ...]:
    rank = ort.number("GetDimensionsCount", tensor)
    if rank > MAX_GRAPH_RANK:
        raise ModelError(f"{name!r} has {rank} dimensions, at most {MAX_GRAPH_RANK}")
    sizes, names = (ctypes.c_int64 * rank)(), (ctypes.c_char_p * rank)()
    ort.call("GetDimensions", tensor, sizes, rank)
    ort.call("GetSymbolicDimensions", tensor, names, rank)
    return tuple(
        size if size >= 0 else (text or b"?").decode(errors="replace")
        for size, text in zip(sizes, names, strict=True)
    )


def _by_name(
    tensors: tuple[GraphTensor, ...], arrays: Arrays, side: str
) -> dict[str, np.ndarray]:
    """Arrays in the graph's order under their names, each checked."""
    known = {t.name: t for t in tensors}
    if not isinstance(arrays, Mapping):
        if len(arrays) != len(tensors):
            have = ", ".join(known)
            raise ModelError(f"{len(arrays)} arrays for {len(tensors)} {side} ({have})")
        arrays = dict(zip(known, arrays, strict=True))
    unknown = [name for name in arrays if name not in known]
    if unknown:
        raise ModelError(f"no {side} {unknown}; the graph has: {', '.join(known)}")
    for name, array in arrays.items():
        _check_array(known[name], array)
    return {name: arrays[name] for name in known if name in arrays}


def _check_array(tensor: GraphTensor, array: np.ndarray) -> None:
    fits = array.dtype.name == tensor.dtype and array.ndim == len(tensor.shape)
    pairs = zip(array.shape, tensor.shape, strict=False)
    if not fits or any(isinstance(d, int) and d != n for n, d in pairs):
        raise ModelError(
            f"{tensor.name!r} is {array.dtype.name} {array.shape} here, but "
            f"{tensor.dtype} {tensor.shape} in the graph"
        )
