"""Object code: kept for one user alone, whole or made anew, loaded without Numba."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import pytest

from rtaudio_dl.core import objects
from rtaudio_dl.core.digest import digest_of
from rtaudio_dl.core.entry import entries
from rtaudio_dl.errors import EngineError
from tests.core.crimes import plain
from tests.jack import ROOT

PLAIN = plain.__name__
posix = pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")


# --- the folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache folder of the test's own; nothing is loaded yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(objects, "_loaded", {})
    objects.folder.cache_clear()
    yield tmp_path / "rtaudio_dl" / "kernels"
    objects.folder.cache_clear()


@posix
def test_objects_are_for_this_user_alone(home):
    objects.prepare([PLAIN])
    (path,) = home.iterdir()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path == objects.object_path(PLAIN)
    assert path.name == f"{PLAIN}-{digest_of(entries[PLAIN])}.o"


def test_what_is_there_is_not_compiled_again(home, monkeypatch):
    assert objects.missing([PLAIN]) == [PLAIN]
    objects.prepare([PLAIN])
    assert objects.missing([PLAIN]) == []
    monkeypatch.setattr(objects, "_loaded", {})
    monkeypatch.setattr(objects, "compile_objects", None)
    objects.prepare([PLAIN])
    assert objects.missing([PLAIN]) == []


@posix
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_can_write_is_not_used(home, mode):
    home.mkdir(parents=True)
    home.chmod(mode)
    with pytest.warns(UserWarning, match="others may write it; .*XDG_CACHE_HOME"):
        found = objects.folder()
    assert found != home and found.is_dir()
    assert stat.S_IMODE(found.stat().st_mode) == 0o700
    objects.prepare([PLAIN])
    assert not list(home.iterdir())


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_an_object_that_others_can_write_is_made_anew(home, mode):
    objects.prepare([PLAIN])
    path = objects.object_path(PLAIN)
    path.write_bytes(b"{}\nevil")
    path.chmod(mode)
    objects._loaded.clear()
    assert objects.missing([PLAIN]) == [PLAIN]
    objects.prepare([PLAIN])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"evil" not in path.read_bytes()


@posix
def test_an_object_of_another_user_is_not_read(home, monkeypatch):
    objects.prepare([PLAIN])
    objects._loaded.clear()
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    path = objects.object_path(PLAIN)
    if path.stat().st_uid != 0:  # root may do anything all the same
        assert objects.missing([PLAIN]) == [PLAIN]
    assert objects._distrusted(path) in (None, "it belongs to another user")


def test_without_a_place_to_keep_them_they_are_compiled_for_one_process(
    tmp_path, monkeypatch, home
):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with pytest.warns(UserWarning, match="every start will compile anew"):
        found = objects.folder()
    assert found.is_dir()
    objects.prepare([PLAIN])
    assert [path.suffix for path in found.iterdir()] == [".o"]


def test_the_folder_says_it_once(home):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert objects.folder() == objects.folder() == home


@posix
def test_objects_that_nobody_used_for_long_are_removed(home):
    home.mkdir(parents=True, mode=0o700)
    for name, days in (("old.o", 91), ("new.o", 89), ("other.txt", 500)):
        path = home / name
        path.touch()
        then = path.stat().st_mtime - days * 86_400
        os.utime(path, (then, then))
    objects.folder()
    assert sorted(path.name for path in home.iterdir()) == ["new.o", "other.txt"]


# --- damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"nonsense",
        lambda data: b"\xff\xfe\n" + data,
        lambda data: data.partition(b"\n")[2],
        lambda data: b"[]\n" + data.partition(b"\n")[2],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data[:-100] + bytes(100),
    ],
    ids=["empty", "text", "bytes", "no head", "a list", "half", "a byte", "zeros"],
)
def test_a_damaged_object_is_made_anew(home, damage):
    """In a process of its own, for LLVM would crash with it."""
    objects.prepare([PLAIN])
    path = objects.object_path(PLAIN)
    path.write_bytes(damage(path.read_bytes()))
    assert objects.unpack(path.read_bytes()) is None
    done = run(
        "from tests.core.crimes.plain import doubled\nprint(doubled(21))",
        home,
    )
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    assert objects.unpack(path.read_bytes()) is not None


def test_a_disk_that_damages_everything_is_told(home, monkeypatch):
    monkeypatch.setattr(objects, "unpack", lambda content: None)
    with pytest.raises(EngineError, match="is it the disk"):
        objects.prepare([PLAIN])


def run(code: str, home: Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ
        | {"XDG_CACHE_HOME": str(home.parent.parent), "PYTHONPATH": str(ROOT)}
        | environment,
        check=False,
    )


# --- what is called


def test_entries_are_functions_of_c(home):
    assert plain.doubled(21) == 42
    assert plain.doubled(-(1 << 40)) == -(1 << 41)
    assert plain.summed(0.25, 0.5) == 0.75


def test_a_module_that_cannot_be_compiled_is_named(home):
    with pytest.raises(EngineError, match="forbidden could not be compiled: .*report"):
        objects.prepare(["tests.core.crimes.forbidden"])
    assert not list(home.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="arranges memory as Linux does")
def test_an_object_can_be_loaded_in_a_crowded_process():
    """LLVM ended such a process: its code could not reach its constants."""
    objects.prepare(["rtaudio_dl.engine.entries"])
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.crowded", "rtaudio_dl.engine.entries"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "loaded\n"), done.stderr


RENDER = """
    import sys
    sys.modules["numba"] = None  # importing it fails
    import rtaudio_dl
    with rtaudio_dl.Host(provider="cpu") as host:
        drums, notes = host.load("drums"), host.load("notes", channel=1)
        host.note_on(36, 0.9)
        host.note_on(60, 0.9, channel=1)
        audio = host.render(0.3)
    print(bool(abs(audio).max() > 0.1), "numba" in sys.modules, sys.modules["numba"])
"""


def test_where_objects_are_there_numba_is_not_needed():
    import rtaudio_dl

    with rtaudio_dl.Host(provider="cpu") as host:  # now they are
        host.load("drums"), host.load("notes")
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    done = run(RENDER, Path(cache) / "rtaudio_dl" / "kernels")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", "True", "None"]
