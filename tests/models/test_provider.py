import numpy as np
import pytest

from rtaudio_dl.errors import DeviceError, ModelError
from rtaudio_dl.models import ort, provider
from rtaudio_dl.models.model import open_model
from rtaudio_dl.models.provider import cuda_obstacle, open_session
from rtaudio_dl.models.session import NativeSession
from tests.models.models import write_oneshot


@pytest.fixture
def model(tmp_path) -> bytes:
    return write_oneshot(tmp_path / "a.onnx").read_bytes()


def content(session: NativeSession) -> None:
    """A probe that finds nothing wrong."""


@pytest.fixture
def no_driver(monkeypatch):
    monkeypatch.setattr(provider, "cuda_obstacle", lambda: "no driver is here")


class FakeGpu(NativeSession):
    """A session that says it is on the GPU and runs on the CPU."""

    opened: list["FakeGpu"] = []

    def __init__(self, model: bytes, where: str = "cpu"):
        super().__init__(model)
        self.provider = where
        self.opened.append(self)


@pytest.fixture
def fake_gpu(monkeypatch):
    monkeypatch.setattr(provider, "cuda_obstacle", lambda: None)
    monkeypatch.setattr(provider, "NativeSession", FakeGpu)
    monkeypatch.setattr(FakeGpu, "opened", [])


def fails_on_gpu(session: NativeSession) -> None:
    if session.provider == "cuda":
        raise ModelError("output 'audio' is not finite")


def fails(session: NativeSession) -> None:
    raise ModelError("output 'audio' is not finite")


def opened(*arguments) -> tuple[str, str]:
    session, note = open_session(*arguments)
    with session:
        return session.provider, note


@pytest.mark.parametrize("name", ["CUDA", "gpu", "", None])
def test_unknown_provider_lists_the_known(model, name):
    with pytest.raises(DeviceError, match="allowed: auto, cpu, cuda"):
        open_session(model, name, content)


def test_cpu_is_taken_when_asked_for(model):
    assert opened(model, "cpu", content) == ("cpu", "cpu: as asked")


def test_auto_takes_the_cpu_where_cuda_cannot_be(model, no_driver):
    assert opened(model, "auto", content) == ("cpu", "cpu: no driver is here")


def test_cuda_asked_for_in_vain_says_why_and_what_next(model, no_driver):
    message = "provider cuda cannot be used: no driver is here; install .*cpu or auto"
    with pytest.raises(DeviceError, match=message):
        open_session(model, "cuda", content)


@pytest.mark.parametrize("asked", ["auto", "cuda"])
def test_cuda_is_taken_when_the_probe_is_content(model, fake_gpu, asked):
    note = "cuda: the model runs on the GPU"
    assert opened(model, asked, content) == ("cuda", note)


def test_auto_takes_the_cpu_when_the_probe_fails_on_the_gpu(model, fake_gpu):
    where, note = opened(model, "auto", fails_on_gpu)
    assert where == "cpu"
    assert note == "cpu: onnxruntime has CUDA support, but output 'audio' is not finite"


def test_cuda_that_fails_where_the_cpu_does_not_is_at_fault(model, fake_gpu):
    with pytest.raises(DeviceError, match="cuda cannot be used: .*not finite"):
        open_session(model, "cuda", fails_on_gpu)


@pytest.mark.parametrize("asked", ["auto", "cpu", "cuda"])
def test_model_that_fails_everywhere_is_at_fault(model, fake_gpu, asked):
    with pytest.raises(ModelError, match="not finite"):
        open_session(model, asked, fails)


@pytest.mark.parametrize("asked", ["auto", "cpu", "cuda"])
def test_nothing_stays_open_after_a_failure(model, fake_gpu, asked):
    with pytest.raises(ModelError):
        open_session(model, asked, fails)
    assert FakeGpu.opened
    assert all(session.address == 0 for session in FakeGpu.opened)


def test_build_without_cuda_is_said(monkeypatch):
    monkeypatch.setattr(ort, "available_providers", lambda: ("CPUExecutionProvider",))
    assert "has no CUDA support" in cuda_obstacle()


def test_missing_driver_is_said(monkeypatch):
    monkeypatch.setattr(ort, "available_providers", lambda: ("CUDAExecutionProvider",))
    monkeypatch.setattr(provider, "DRIVER_NAMES", {})
    monkeypatch.setattr(provider, "DEFAULT_DRIVER_NAME", "libnodriver.so.1")
    assert "no NVIDIA driver (libnodriver.so.1) is here" in cuda_obstacle()


def test_real_attempt_ends_on_the_gpu_or_says_why_not(model, monkeypatch):
    monkeypatch.setattr(provider, "cuda_obstacle", lambda: None)
    where, note = opened(model, "auto", content)
    assert note.startswith(f"{where}: ")
    assert where == "cuda" or note.startswith("cpu: onnxruntime has CUDA support, but ")


def test_reason_is_the_end_of_the_librarys_text():
    error = DeviceError(
        "Failed to load library cuda.so with error: libcublasLt.so.13: cannot open"
    )
    assert provider._reason(error) == "libcublasLt.so.13: cannot open"


@pytest.mark.skipif(cuda_obstacle() is not None, reason="needs an NVIDIA GPU")
def test_gpu_agrees_with_the_cpu(tmp_path):
    path = write_oneshot(tmp_path / "a.onnx")
    latent = np.random.default_rng(0).standard_normal((1, 8)).astype("f")
    sounds = []
    for where in ("cpu", "cuda"):
        out = np.zeros((1, 4096), "f")
        with open_model(path, where) as model:
            model.session.bind([latent], [out]).run()
        sounds.append(out)
    assert np.abs(sounds[0] - sounds[1]).max() < 1e-3
