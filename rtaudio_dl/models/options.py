"""Session options for a real-time host: one thread, no spinning, all optimisations."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.models import ort

# ``session.set_denormal_as_zero`` is left out on purpose. It acts on the thread that
# makes the first session of the process (Python's main thread, where it would flush
# everybody's NumPy denormals), not on the threads that run it: a native thread that
# runs sessions sets its own floating-point mode.
SEQUENTIAL = 0
ALL_OPTIMISATIONS = 99
CONFIG = {
    "session.intra_op.allow_spinning": "0",
    "session.inter_op.allow_spinning": "0",
    # A file that is ONNX to the checks here must not be something else to the library.
    "session.load_model_format": "ONNX",
}
CUDA_OPTIONS = {
    "device_id": "0",
    # The exhaustive default benchmarks every convolution at the first run: seconds.
    "cudnn_conv_algo_search": "HEURISTIC",
}


@contextmanager
def session_options(provider: str) -> Iterator[int]:
    """Lend an ``OrtSessionOptions`` for ``provider`` (``cpu`` or ``cuda``).

    Raises DeviceError when the provider cannot be loaded.
    """
    with ort.owned("SessionOptions", ort.new("CreateSessionOptions")) as options:
        ort.call("SetIntraOpNumThreads", options, 1)
        ort.call("SetInterOpNumThreads", options, 1)
        ort.call("SetSessionExecutionMode", options, SEQUENTIAL)
        ort.call("SetSessionGraphOptimizationLevel", options, ALL_OPTIMISATIONS)
        for key, value in CONFIG.items():
            ort.call("AddSessionConfigEntry", options, key.encode(), value.encode())
        if provider == "cuda":
            _append_cuda(options)
        yield options


def _append_cuda(options: int) -> None:
    cuda = ort.new("CreateCUDAProviderOptions", error=DeviceError)
    with ort.owned("CUDAProviderOptions", cuda):
        keys, values = _texts(CUDA_OPTIONS), _texts(CUDA_OPTIONS.values())
        ort.call(
            "UpdateCUDAProviderOptions",
            *(cuda, keys, values, len(CUDA_OPTIONS)),
            error=DeviceError,  # the first call that loads the CUDA library
        )
        ort.call(
            "SessionOptionsAppendExecutionProvider_CUDA_V2",
            *(options, cuda),
            error=DeviceError,
        )


def _texts(texts) -> ctypes.Array:
    encoded = [text.encode() for text in texts]
    return (ctypes.c_char_p * len(encoded))(*encoded)
