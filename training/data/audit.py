"""Opens every file of a manifest: what is missing, unreadable, or not as published."""

from __future__ import annotations

import csv
import io
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from training.data import text
from training.data.adaptor import Adaptor
from training.data.audio import MAX_SAMPLES
from training.data.manifest import Entry, Manifest
from training.errors import DataError
from training.run.files import write_atomically

COLUMNS = ("path", "size", "mtime_ns", "decoded", "rate", "frames", "fault")
THREADS = min(8, (os.cpu_count() or 1) + 2)  # libsndfile works without the GIL.
BATCH = 512  # Files handed to the threads at once: a stop waits for so many.
SAVE_SECONDS = 10.0
BLOCK = 1 << 16  # Frames decoded at once.
TOLERANCE_SECONDS = 0.02


@dataclass(frozen=True)
class Facts:
    """What a file's header says; ``fault`` is empty for a file that can be used."""

    size: int
    mtime_ns: int
    decoded: bool
    rate: int = 0
    frames: int = 0
    fault: str = ""


def audit(
    manifest: Manifest,
    adaptor: Adaptor,
    cache: Path | None = None,
    decode: bool = False,
    progress: Callable[[Iterable], Iterable] = iter,
) -> Manifest:
    """The manifest without the entries that cannot be used; ``problems`` names them.

    Files whose rate or length is not as published stay, and are a problem too.
    ``decode`` reads every file to its end, which finds those that are cut off. What was
    found is kept in ``cache``: after a stop, or when asked again, only files that are
    new or have changed are opened.
    """
    root = manifest.root.resolve()
    facts = _facts(root, manifest.entries, cache, decode, progress)
    faults = [_fault(entry, facts[entry.path]) for entry in manifest.entries]
    checked = list(zip(manifest.entries, faults, strict=True))
    broken = dict.fromkeys(f"{e.path}: {fault}" for e, fault in checked if fault)
    kept = tuple(entry for entry, fault in checked if not fault)
    used = {e.path: facts[e.path] for e in kept}
    problems = (*manifest.problems, *broken, *_differences(used, adaptor))
    return replace(manifest, entries=kept, problems=problems)


def _fault(entry: Entry, facts: Facts) -> str:
    if facts.fault:
        return facts.fault
    if facts.rate and entry.start * facts.rate >= facts.frames:
        seconds = facts.frames / facts.rate
        return f"its part begins at {entry.start:g} s, but it lasts {seconds:.2f} s"
    return ""


def _differences(facts: dict[str, Facts], adaptor: Adaptor) -> list[str]:
    """Rates and lengths that are not as published, one line for each kind."""
    kinds: dict[str, list[str]] = defaultdict(list)
    shortest, longest = adaptor.seconds
    for path, f in facts.items():
        if not f.rate:
            continue
        if adaptor.rate and f.rate != adaptor.rate:
            kinds[f"{f.rate} Hz, published: {adaptor.rate} Hz"].append(path)
        seconds = f.frames / f.rate
        if shortest and seconds < shortest - TOLERANCE_SECONDS:
            kinds[f"shorter than the published {shortest:g} s"].append(path)
        if longest and seconds > longest + TOLERANCE_SECONDS:
            kinds[f"longer than the published {longest:g} s"].append(path)
    return [
        f"{paths[0]}: {kind}"
        if len(paths) == 1
        else f"{len(paths)} files such as {paths[0]}: {kind}"
        for kind, paths in kinds.items()
    ]


def _facts(
    root: Path,
    entries: Iterable[Entry],
    cache: Path | None,
    decode: bool,
    progress: Callable[[Iterable], Iterable],
) -> dict[str, Facts]:
    paths = sorted({e.path for e in entries})
    known = _load(cache) if cache else {}
    facts = {p: known[p] for p in paths if _still_true(root, p, known, decode)}
    todo = [path for path in paths if path not in facts]
    saved = time.monotonic()
    try:
        opened = _opened(root, todo, decode)
        for path, found in zip(progress(todo), opened, strict=True):
            facts[path] = found
            if cache and time.monotonic() - saved > SAVE_SECONDS:
                _save(cache, facts)
                saved = time.monotonic()
    finally:
        if cache and todo:
            _save(cache, facts)
    return facts


def _still_true(root: Path, path: str, known: dict[str, Facts], decode: bool) -> bool:
    if path not in known or (decode and not known[path].decoded):
        return False
    try:
        stat = (root / path).stat()
    except OSError:
        return False
    return (known[path].size, known[path].mtime_ns) == (stat.st_size, stat.st_mtime_ns)


def _opened(root: Path, paths: list[str], decode: bool) -> Iterator[Facts]:
    """Facts of all files in order, looked up by several threads."""
    with ThreadPoolExecutor(THREADS) as threads:
        for k in range(0, len(paths), BATCH):
            batch = paths[k : k + BATCH]
            yield from threads.map(lambda path: look(root, path, decode), batch)


def look(root: Path, path: str, decode: bool = False) -> Facts:
    """What there is to know of one file; never raises."""
    file = root / path
    try:
        stat = file.stat()
    except OSError as error:
        return Facts(0, 0, decode, fault=_missing(error))
    facts = Facts(stat.st_size, stat.st_mtime_ns, decode)
    if not file.resolve().is_relative_to(root):
        return replace(facts, fault=f"link to a file outside {root}")
    if file.suffix == ".tfrecord":
        return facts  # Its records were read to build the manifest.
    try:
        info = soundfile.info(file)
        facts = replace(facts, rate=info.samplerate, frames=info.frames)
        return replace(facts, fault=_unusable(file, info, decode))
    except (OSError, soundfile.SoundFileError) as error:
        reason = str(error).rsplit(": ", 1)[-1]
        return replace(facts, rate=0, frames=0, fault=f"unreadable: {reason}")


def _missing(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "missing"
    return f"unreadable: {error.strerror}"


def _unusable(file: Path, info, decode: bool) -> str:
    if info.frames <= 0:
        return "empty"
    if info.frames * info.channels > MAX_SAMPLES:
        return f"too long: {info.frames} frames"
    if not decode:
        return ""
    frames = 0
    for block in soundfile.blocks(file, BLOCK, dtype="float32", always_2d=True):
        frames += len(block)
        if not np.all(np.isfinite(block)):
            return "not finite"
    return f"cut off after {frames} of {info.frames} frames" * (frames < info.frames)


def _load(cache: Path) -> dict[str, Facts]:
    """What an earlier audit found; a cache that is missing or spoilt holds nothing."""
    try:
        return {
            row["path"]: Facts(
                size=int(row["size"]),
                mtime_ns=int(row["mtime_ns"]),
                decoded=row["decoded"] == "True",
                rate=int(row["rate"]),
                frames=int(row["frames"]),
                fault=row["fault"],
            )
            for row in text.csv_rows(cache, COLUMNS)
        }
    except (DataError, ValueError):
        return {}


def _save(cache: Path, facts: dict[str, Facts]) -> None:
    sheet = io.StringIO(newline="")
    writer = csv.DictWriter(sheet, COLUMNS)
    writer.writeheader()
    writer.writerows({"path": p} | asdict(f) for p, f in facts.items())
    write_atomically(cache, lambda file: file.write(sheet.getvalue().encode()))
