"""The audio thread allocates nothing, and all that it hears is there beforehand."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jack import ROOT

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(sys.platform != "linux", reason="preloads a malloc for glibc"),
]

SCRIPT = """
import ctypes, json, random, threading, time
from lab.vitals import audio_thread
from rtaudio_dl.host.live import LiveHost

allocations = ctypes.CDLL(None).allocations
with LiveHost() as host:
    drums, toms = host.load("drums"), host.load("toms", channel=1)
    host.assign(drums)
    host.assign(toms, 1)
    thread = audio_thread(host.sample_rate / host.block)
    before = allocations(thread)
    dice = random.Random(1)
    for _ in range(1500):
        host.note_on(dice.randrange(35, 82), dice.random(), channel=dice.randrange(2))
        host.control(dice.randrange(128), dice.random(), channel=dice.randrange(2))
        host.pitch_bend(dice.uniform(-1, 1), channel=1)
        time.sleep(0.001)
    after = allocations(thread)
    counts = host.counts()
python = allocations(threading.get_native_id())
print(json.dumps([thread, after - before, python, counts["sounded"], counts["stolen"]]))
"""


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path_factory.mktemp("malloc") / "counter.so"
    source = Path(__file__).with_name("malloc_counter.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True
    )
    return library


def test_it_allocates_nothing_while_voices_start_are_stolen_and_end(
    jack_server, counter
):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=dict(os.environ) | {"LD_PRELOAD": str(counter)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    thread, of_audio, of_python, sounded, stolen = json.loads(done.stdout)
    assert thread is not None and sounded > 500 and stolen > 0
    assert of_python > 1000  # the counter counts
    assert of_audio == 0


LOCKED = """
import json
from pathlib import Path
from rtaudio_dl.host.live import LiveHost
from rtaudio_dl.core.priority import lockable_bytes

def locked():
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmLck:")[2].split()[0])

with LiveHost() as host:
    found = [lockable_bytes(), locked()]
    for patch in ("drums", "notes"):
        heard = host.load(patch).audio_memory()
        found += [sum(array.nbytes for array in heard), locked()]
print(json.dumps(found))
"""


def test_the_sounds_of_a_patch_are_locked_into_memory(jack_server):
    done = subprocess.run(
        [sys.executable, "-c", LOCKED],
        env=dict(os.environ),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    limit, before, drums, with_drums, notes, with_notes = json.loads(done.stdout)
    if limit is not None:
        pytest.skip(f"only {limit} bytes may be locked here")
    assert drums > 1 << 20 and notes > 1 << 16
    assert with_drums >= before + drums
    # Whole pages are locked: two small arrays may share one.
    assert with_notes >= with_drums + notes - 3 * 4096
