"""Nothing phones home: seen from outside, by what a process looks up and writes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rtaudio_dl.core.privacy import VARIABLE
from tests.jack import ROOT

# Nine seconds after its library is loaded, ONNX Runtime 1.31 sends what it has queued.
LONG_ENOUGH = 14
WAIT = f"""
import time
time.sleep({LONG_ENOUGH})
print("done")
"""
HOST = (
    """
from rtaudio_dl.models.library import find_model
from rtaudio_dl.models.model import open_model
with open_model(find_model("drums"), "cpu") as model:
    model.warm_up()
"""
    + WAIT
)
LAB = (
    """
import lab.inference
from rtaudio_dl.models.library import find_model
import onnxruntime
onnxruntime.InferenceSession(find_model("drums"), providers=["CPUExecutionProvider"])
"""
    + WAIT
)
TRAINING = (
    """
from pathlib import Path
from training.run.export import session
session(Path("models/drums.onnx").read_bytes())
"""
    + WAIT
)


@pytest.fixture(scope="module")
def witness(tmp_path_factory):
    if sys.platform != "linux":
        pytest.skip("preloads a library for Linux")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path_factory.mktemp("witness") / "network.so"
    source = Path(__file__).with_name("network_witness.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True
    )
    return library


def watched(witness, folder, script):
    """Run a script in a home of its own: whom it spoke to, and what it left there."""
    home, log = folder / "home", folder / "network.log"
    home.mkdir()
    environment = dict(os.environ) | {
        "HOME": str(home),
        "LD_PRELOAD": str(witness),
        "NETWORK_LOG": str(log),
        # What others keep at home, and rightly so.
        "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", str(folder / "numba")),
        "KERAS_HOME": str(folder / "keras"),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
    }
    for name in ("XDG_CACHE_HOME", VARIABLE):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.split()[-1:] == ["done"], done.stderr
    spoken = log.read_text().splitlines() if log.exists() else []
    return spoken, [path.name for path in home.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "script, seen",
    [
        ("import socket; socket.getaddrinfo('a.invalid', 80)", "getaddrinfo a.invalid"),
        ("import socket; socket.socket().connect(('127.0.0.1', 1))", "connect "),
        (
            "import socket; s = socket.socket(type=socket.SOCK_DGRAM)\n"
            "    s.sendto(b'', ('127.0.0.1', 1))",
            "sendto ",
        ),
    ],
)
def test_the_witness_sees_whoever_speaks(witness, tmp_path, script, seen):
    attempt = f"try:\n    {script}\nexcept OSError:\n    print('done')"
    assert watched(witness, tmp_path, attempt) == ([seen], [])


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(HOST, id="host"),
        pytest.param(LAB, id="lab"),
        pytest.param(TRAINING, id="training", marks=pytest.mark.train),
    ],
)
def test_a_model_is_loaded_and_nobody_is_told(witness, tmp_path, script):
    assert watched(witness, tmp_path, script) == ([], [])


@pytest.mark.parametrize("package", ["rtaudio_dl", "training", "tests"])
def test_every_package_sees_to_it_before_anything_else(package):
    environment = {n: v for n, v in os.environ.items() if n != VARIABLE}
    # The C library's own view: what os.environ says is Python's.
    script = (
        f"import ctypes, sys, {package}\n"
        "get = ctypes.CDLL(None).getenv\n"
        "get.restype = ctypes.c_char_p\n"
        f"print(get({VARIABLE.encode()!r}), 'onnxruntime' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["b'1'", "False"], done.stderr
