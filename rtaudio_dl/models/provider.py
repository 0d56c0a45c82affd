"""Where a model runs: the choice between the CPU and an NVIDIA GPU, and its reason."""

from __future__ import annotations

import ctypes
import io
import sys
from collections.abc import Callable
from contextlib import redirect_stdout

from rtaudio_dl.errors import DeviceError, RtaudioError
from rtaudio_dl.models import ort
from rtaudio_dl.models.session import NativeSession

PROVIDERS = ("auto", "cpu", "cuda")
DRIVER_NAMES = {"win32": "nvcuda.dll"}
DEFAULT_DRIVER_NAME = "libcuda.so.1"
NEXT_STEP = (
    "install the NVIDIA driver and run: python -m pip install "
    "'onnxruntime-gpu[cuda,cudnn]'; or take provider cpu or auto"
)

Probe = Callable[[NativeSession], None]


def open_session(
    model: bytes, provider: str, probe: Probe
) -> tuple[NativeSession, str]:
    """Load a model where it can run; returns the session and one line that says why.

    ``auto`` takes the GPU only if the session can be made there and ``probe``, which
    runs it and raises ModelError for a bad result, is content. Raises DeviceError when
    ``cuda`` was asked for and cannot be had, ModelError when the model is at fault.
    """
    if provider not in PROVIDERS:
        allowed = ", ".join(PROVIDERS)
        raise DeviceError(f"provider {provider!r} is unknown; allowed: {allowed}")
    if provider == "cpu":
        return _probed(model, "cpu", probe), "cpu: as asked"
    obstacle = cuda_obstacle()
    if not obstacle:
        try:
            return _probed(model, "cuda", probe), "cuda: the model runs on the GPU"
        except RtaudioError as error:
            obstacle = f"onnxruntime has CUDA support, but {_reason(error)}"
    session = _probed(model, "cpu", probe)  # a model at fault says so here
    if provider == "cuda":
        session.close()
        raise DeviceError(f"provider cuda cannot be used: {obstacle}; {NEXT_STEP}")
    return session, f"cpu: {obstacle}"


def cuda_obstacle() -> str | None:
    """Why CUDA cannot be used here, or None if nothing speaks against a try."""
    if "CUDAExecutionProvider" not in ort.available_providers():
        return f"onnxruntime {ort.version()} here has no CUDA support"
    name = DRIVER_NAMES.get(sys.platform, DEFAULT_DRIVER_NAME)
    try:
        ctypes.CDLL(name)
    except OSError:
        return f"onnxruntime has CUDA support, but no NVIDIA driver ({name}) is here"
    _preload_cuda_libraries()
    return None


def _preload_cuda_libraries() -> None:
    """Load CUDA and cuDNN from NVIDIA's Python packages, if they are installed.

    Once they are in the process, the loader finds them for the C library too. What
    cannot be loaded is printed there; here the provider's own error says it.
    """
    import onnxruntime

    if hasattr(onnxruntime, "preload_dlls"):
        with redirect_stdout(io.StringIO()):
            onnxruntime.preload_dlls()


def _probed(model: bytes, provider: str, probe: Probe) -> NativeSession:
    session = NativeSession(model, provider)
    try:
        probe(session)
    except BaseException:
        session.close()
        raise
    return session


def _reason(error: Exception) -> str:
    """What was missing, of a text that first says which library of ours it was for."""
    return str(error).rpartition(" with error: ")[2]
