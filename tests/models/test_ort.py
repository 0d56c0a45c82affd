import subprocess
import sys

import pytest

from rtaudio_dl.errors import EngineError, ModelError
from rtaudio_dl.models import ort


def test_version_is_that_of_the_installed_package():
    import onnxruntime

    assert ort.version() == onnxruntime.__version__


def test_cpu_is_always_available():
    assert "CPUExecutionProvider" in ort.available_providers()


def test_addresses_are_of_different_functions():
    assert 0 < ort.run_address() != ort.release_status_address() > 0


def test_there_is_one_environment():
    assert ort.environment() == ort.environment() != 0


def test_null_status_is_success():
    assert ort.check(None) is None


@pytest.mark.parametrize("error", [EngineError, ModelError])
def test_failure_raises_what_was_asked_with_the_librarys_text(error):
    with pytest.raises(error, match="(?i)protobuf|model"):
        with ort.owned("SessionOptions", ort.new("CreateSessionOptions")) as options:
            arguments = (ort.environment(), b"\xff", 1, options)
            ort.new("CreateSessionFromArray", *arguments, error=error)


def status(message: bytes) -> int:
    create = ort.ctypes.CFUNCTYPE(ort.c_void_p, ort.c_int, ort.c_char_p)
    return create(ort._table()[0])(1, message)


def test_error_text_is_safe_on_a_terminal():
    with pytest.raises(EngineError) as caught:
        ort.check(status(b"\x1b[2J name\n\xff" + b"x" * 5000))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= ort.MAX_ERROR_LENGTH


@pytest.mark.parametrize(
    "text, words",
    [
        (b"/a/b_c.cc:36 void* ns::F<T>::G(size_t, T*) No memory", "No memory"),
        (b"at /a/b.h:7 T& F() [ONNXRuntimeError] : 1 : FAIL : No file", "at No file"),
        (b"Load model failed: see it.cc (1)", "Load model failed: see it.cc (1)"),
    ],
)
def test_error_text_leaves_out_where_in_the_library_it_arose(text, words):
    with pytest.raises(EngineError) as caught:
        ort.check(status(text))
    assert str(caught.value) == words


def test_wordless_failure_still_says_something():
    with pytest.raises(EngineError, match="did not say why"):
        ort.check(status(b""))


def test_missing_package_is_said_with_the_next_step(monkeypatch):
    monkeypatch.setattr(ort, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match="pip install onnxruntime"):
        ort.library_path()


def test_missing_library_is_said_with_the_next_step(monkeypatch):
    monkeypatch.setattr(ort, "DEFAULT_LIBRARY_NAME", "libnothing.so*")
    monkeypatch.setattr(ort, "LIBRARY_NAMES", {})
    with pytest.raises(EngineError, match="has no libnothing.*reinstall"):
        ort.library_path()


def test_library_that_is_too_old_is_said(monkeypatch):
    monkeypatch.setattr(ort, "API_VERSION", 10_000)  # as a later host would ask
    with pytest.raises(EngineError, match="too old; version 1.10000 or newer"):
        ort._table.__wrapped__()


def test_loading_needs_neither_the_python_package_nor_tensorflow():
    code = (
        "import sys; from rtaudio_dl.models import model, ort; ort.environment();"
        "print([m for m in ('onnxruntime', 'onnx', 'tensorflow') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stderr
