"""Object code of entries: compiled once per machine, kept, loaded without Numba.

All entries of a module make one object. Its file is named by a digest of all code and
constants that it holds, of the versions that compiled it and of the processor, so that
a change of anything compiles anew, and nothing else does. What is missing is compiled
in processes of their own, side by side.

An object is code that will run, so it is only read from a folder that nobody else can
write.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import stat
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from rtaudio_dl.core.digest import digest_of, functions_in
from rtaudio_dl.core.kernel import entries
from rtaudio_dl.errors import EngineError
from rtaudio_dl.files.atomic import write_whole
from rtaudio_dl.files.paths import cache_folder

_FOLDER = "kernels"
_KEPT_DAYS = 90  # an object that was not used for so long is removed
_loaded: dict[str, dict[str, int]] = {}  # module → name → address
_alive: list = []  # what owns the code


def address_of(entry: Any) -> int:
    """The address of an entry's code, loaded or compiled if need be."""
    if entry.module not in _loaded:
        prepare([entry.module])
    return _loaded[entry.module][entry.name]


def missing(modules: Iterable[str]) -> list[str]:
    """Which of these modules have no object on this machine yet."""
    return [m for m in modules if m not in _loaded and not _is_there(m)]


def prepare(modules: Iterable[str], processes: int | None = None) -> None:
    """Load the objects of modules; first compile those that are missing.

    Raises EngineError where one cannot be compiled.
    """
    modules = list(modules)
    wanted = missing(modules)
    if wanted:
        compile_objects(wanted, processes)
    for module in modules:
        if module not in _loaded:
            _loaded[module] = _load(module)


def compile_objects(modules: list[str], processes: int | None = None) -> None:
    """Compile modules side by side, in as many processes as there are processors."""
    limit = min(processes or os.cpu_count() or 1, len(modules))
    running = [_spawn(group) for group in _shared_out(modules, limit)]
    try:
        for modules, process in running:
            _, errors = process.communicate()
            if process.returncode:
                raise EngineError(_explained(modules, errors))
    finally:
        for _, process in running:
            process.kill()
            process.wait()


def compile_in_background(modules: Iterable[str]) -> None:
    """Let a process of low priority compile what is missing; it outlives this one."""
    wanted = missing(modules)
    if wanted:
        _spawn(wanted, start_new_session=True, preexec_fn=_be_nice)


def _be_nice() -> None:
    os.nice(10)


def _shared_out(modules: list[str], groups: int) -> list[list[str]]:
    """Groups of about the same work: the longest first, to whoever has least."""
    shares: list[tuple[int, list[str]]] = [(0, []) for _ in range(groups)]
    for module in sorted(modules, key=work_of, reverse=True):
        shares.sort(key=lambda share: share[0])
        total, share = shares[0]
        shares[0] = total + work_of(module), [*share, module]
    return [share for _, share in shares if share]


def work_of(module: str) -> int:
    """How much there is to compile in a module: the functions that it reaches."""
    return functions_in(entries[module])


def compiler(program: str, *arguments: str) -> dict[str, Any]:
    """What `subprocess` is to start for a `main` of a module that compiles."""
    # Functions are not optimised one by one: the whole is, once, at the end.
    environment = os.environ | {"NUMBA_OPT": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    start = (
        f"import sys; sys.path[:] = {sys.path!r}; from {program} import main; main()"
    )
    command = [sys.executable, "-P", "-c", start, *arguments]
    return {"args": command, "env": environment, "stdin": subprocess.DEVNULL}


def _spawn(modules: list[str], **options: Any) -> tuple[list[str], subprocess.Popen]:
    pairs = [text for m in modules for text in (m, str(object_path(m)))]
    return modules, subprocess.Popen(
        **compiler("rtaudio_dl.core.compile", *pairs),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if options else subprocess.PIPE,
        **options,
    )


def _explained(modules: list[str], errors: bytes) -> str:
    lines = errors.decode(errors="replace").strip().split("\n")
    command = f"{sys.executable} -m rtaudio_dl.core.compile {modules[0]} FILE"
    return (
        f"{', '.join(modules)} could not be compiled: {lines[-1][:300]}; report it "
        f"with the output of: {command}"
    )


def object_path(module: str) -> Path:
    """Where the object of a module is, or is to be."""
    return folder() / f"{module}-{_digest(module)}.o"


@functools.cache
def _digest(module: str) -> str:
    # Asked for several times at a start; code does not change while a process runs.
    importlib.import_module(module)
    return digest_of(entries[module])


@functools.cache
def folder() -> Path:
    """A folder of objects that only this user can write, made if need be.

    Where there is no place for a lasting one, a folder for this process alone.
    """
    lasting = cache_folder() / _FOLDER
    reason = _claim(lasting)
    if reason is None:
        _forget_old(lasting)
        return lasting
    # Removed when the process ends.
    temporary = tempfile.TemporaryDirectory(prefix="rtaudio_dl-")
    _alive.append(temporary)
    warnings.warn(
        f"compiled code cannot be kept in {lasting}: {reason}; every start will "
        "compile anew, for half a minute. XDG_CACHE_HOME names another place",
        stacklevel=2,
    )
    return Path(temporary.name)


def _claim(path: Path) -> str | None:
    """Make a folder private; why not, if it cannot be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        return error.strerror or str(error)
    return _distrusted(path)


def _distrusted(path: Path) -> str | None:
    """Why what lies here could be another user's, None if it cannot."""
    if os.name == "nt":
        return None  # the profile's own access list
    about = path.stat()
    if about.st_uid not in (os.getuid(), 0):
        return "it belongs to another user"
    if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others may write it"
    return None


def _is_there(module: str) -> bool:
    path = object_path(module)
    return path.is_file() and _distrusted(path) is None


def _forget_old(path: Path) -> None:
    import time

    oldest = time.time() - _KEPT_DAYS * 86400
    for file in (*path.glob("*.o"), *path.glob("*.lock")):
        with contextlib.suppress(OSError):
            if file.stat().st_atime < oldest:
                file.unlink()


def _load(module: str) -> dict[str, int]:
    path = object_path(module)
    try:
        found = unpack(path.read_bytes())
        if found is None:  # damaged: LLVM would crash with it
            path.unlink()
            compile_objects([module])
            found = unpack(path.read_bytes())
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror}") from None
    if found is None:
        raise EngineError(f"{path} is damaged when it is written; is it the disk?")
    return _link(*found)


def pack(symbols: dict[str, str], code: bytes) -> bytes:
    """The content of a file: a line of JSON about the object, and the object."""
    about = {"symbols": symbols, "sha256": sha256(code).hexdigest()}
    return json.dumps(about).encode() + b"\n" + code


def unpack(content: bytes) -> tuple[dict[str, str], bytes] | None:
    """`pack` undone; None if that is not what was packed."""
    head, _, code = content.partition(b"\n")
    try:
        about = json.loads(head)
        whole = about["sha256"] == sha256(code).hexdigest()
        return (about["symbols"], code) if whole else None
    except (ValueError, KeyError, TypeError):
        return None


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Let only one process at a time make an object; the others wait for it."""
    try:
        import fcntl
    except ImportError:  # Windows: both make it, and the last one stays
        yield
        return
    name = path.with_suffix(".lock")
    with open(name, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:  # who waited has this file open; a third finds what was made
            name.unlink(missing_ok=True)


def save(path: Path, content: bytes) -> None:
    """Write an object file, whole or not at all, for this user alone."""
    write_whole(path, content)
    path.chmod(0o600)


def _link(symbols: dict[str, str], code: bytes) -> dict[str, int]:
    """Bring an object into this process; where its functions are."""
    import llvmlite.binding as llvm

    linker = _linker(llvm)
    linker.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    linker.finalize_object()
    _alive.append(linker)
    return {name: linker.get_function_address(s) for name, s in symbols.items()}


def _linker(llvm: object) -> object:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        jit=True, reloc="pic", codemodel="default"
    )
    # llvmlite's memory manager keeps an object's parts side by side. LLVM's may put
    # them too far apart in a big process for code to reach its constants, and aborts.
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine, use_lmm=True)
