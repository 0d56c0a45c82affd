"""Sounds decoded once: mono int16 at the model's rate, in shards on the disk.

Shards are made by several processes, and one that is there is not made again. They are
mapped, not read, so a data set may be larger than the memory. TensorFlow is not
imported here: each process would load it.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from training.audio.pcm import INT16
from training.data.manifest import Entry, Manifest
from training.data.prepare import MAX_SECONDS
from training.errors import DataError
from training.run.files import write_atomically
from training.tasks.classify.config import Data

FORMAT = 1  # Raise it when the same parameters would give other samples.
SHARD = 256  # files
SPEED_STEP_HZ = 25  # Rates are rounded to it: small ratios make short filters.


@dataclass(frozen=True)
class Clips:
    """Decoded sounds of a manifest's entries.

    ``audio[s][i]`` is entry i at speed number s, an int16 array of its own length
    (empty if the file was not readable); speed 0 is the sound as it is. ``problems``
    are lines about files that were not readable; ``digest`` is of all that this
    depends on.
    """

    audio: tuple[tuple[np.ndarray, ...], ...]
    problems: tuple[str, ...]
    digest: str

    def usable(self) -> np.ndarray:
        """Whether each entry has sound, (entries,) bool."""
        return np.array([len(a) > 0 for a in self.audio[0]])


def load(
    manifest: Manifest, data: Data, progress: Callable[[Iterable], Iterable] = iter
) -> Clips:
    """The decoded sounds, from the cache where it holds them, else made now."""
    digest = _digest(manifest, data)
    folder = Path(data.cache) / f"{manifest.dataset}-{digest[:16]}"
    jobs = _missing(manifest, data, folder)
    if jobs:
        _make(jobs, progress)
    count = -(-len(manifest.entries) // SHARD)
    return _read([folder / _name(i) for i in range(count)], digest, len(data.speeds))


def joined(first: Clips, second: Clips) -> Clips:
    """The clips of two manifests, one after the other."""
    return Clips(
        tuple(a + b for a, b in zip(first.audio, second.audio, strict=True)),
        first.problems + second.problems,
        hashlib.sha256(f"{first.digest} {second.digest}".encode()).hexdigest(),
    )


def decode(root: Path, entry: Entry, rate: int, speed: float = 1.0) -> np.ndarray:
    """One entry as mono int16 at ``rate`` Hz, ``speed`` times as fast.

    Raises ValueError or soundfile's error for a file that is empty, too long, or not
    finite.
    """
    path = root / entry.path
    if not path.resolve().is_relative_to(root.resolve()):
        raise ValueError("outside the data set's folder")
    with soundfile.SoundFile(path) as file:
        own = file.samplerate
        seconds = entry.seconds or file.frames / own - entry.start
        if seconds > MAX_SECONDS:
            raise ValueError(f"{seconds:.0f} s long, at most {MAX_SECONDS:.0f} s")
        file.seek(min(file.frames, round(entry.start * own)))
        sound = file.read(round(seconds * own), dtype="float32", always_2d=True)
    if not sound.size or not np.all(np.isfinite(sound)):
        raise ValueError("empty or not finite")
    played = own if speed == 1.0 else SPEED_STEP_HZ * round(own * speed / SPEED_STEP_HZ)
    ratio = Fraction(rate, max(1, played))
    mono = resample_poly(sound.mean(axis=1), ratio.numerator, ratio.denominator)
    return np.round(np.clip(mono, -1.0, 1.0) * INT16).astype(np.int16)


@dataclass(frozen=True)
class _Job:
    path: Path
    root: Path
    entries: tuple[Entry, ...]
    rate: int
    speeds: tuple[float, ...]


def _missing(manifest: Manifest, data: Data, folder: Path) -> list[_Job]:
    starts = range(0, len(manifest.entries), SHARD)
    jobs = [
        _Job(
            folder / _name(i),
            manifest.root,
            manifest.entries[start : start + SHARD],
            data.sample_rate,
            (1.0, *data.speeds),
        )
        for i, start in enumerate(starts)
    ]
    return [job for job in jobs if not job.path.with_suffix(".json").is_file()]


def _make(jobs: list[_Job], progress: Callable[[Iterable], Iterable]) -> None:
    if len(jobs) == 1:
        _write(jobs[0])
        return
    # A forked child would inherit TensorFlow's threads half alive.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for done in progress(as_completed([pool.submit(_write, job) for job in jobs])):
            done.result()


def _write(job: _Job) -> None:
    """Decode one shard; its JSON, written last, says that it is whole."""
    pieces, lengths, problems = [], [], []
    for entry in job.entries:
        try:
            versions = [decode(job.root, entry, job.rate, s) for s in job.speeds]
        except (OSError, ValueError, soundfile.SoundFileError) as error:
            problems.append(f"{entry.path}: {error}")
            versions = [np.zeros(0, np.int16) for _ in job.speeds]
        pieces += versions
        lengths.append([len(v) for v in versions])
    flat = np.concatenate(pieces)
    write_atomically(job.path, lambda file: np.save(file, flat))
    table = json.dumps({"lengths": lengths, "problems": problems}).encode()
    write_atomically(job.path.with_suffix(".json"), lambda file: file.write(table))


def _read(paths: list[Path], digest: str, speeds: int) -> Clips:
    audio: list[list[np.ndarray]] = [[] for _ in range(speeds + 1)]
    problems: list[str] = []
    for path in paths:
        try:
            table = json.loads(path.with_suffix(".json").read_text("utf-8"))
            flat = np.load(path, mmap_mode="r", allow_pickle=False)
            ends = np.cumsum(np.array(table["lengths"]).reshape(-1))
            pieces = np.split(flat, ends[:-1])
            problems += table["problems"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path}: not a cache of sounds ({error}); delete its folder"
            ) from None
        for s, column in enumerate(audio):
            column += pieces[s :: speeds + 1]
    return Clips(tuple(map(tuple, audio)), tuple(problems), digest)


def _name(shard: int) -> str:
    return f"shard-{shard:05d}.npy"


def _digest(manifest: Manifest, data: Data) -> str:
    """Digest of everything that the shards depend on."""
    parameters = [FORMAT, data.sample_rate, data.speeds, str(manifest.root.resolve())]
    digest = hashlib.sha256(json.dumps(parameters).encode())
    for e in manifest.entries:
        digest.update(json.dumps([e.path, e.start, e.seconds]).encode())
        try:
            stat = (manifest.root / e.path).stat()
            digest.update(f"{stat.st_size} {stat.st_mtime_ns}\n".encode())
        except OSError:
            digest.update(b"missing\n")
    return digest.hexdigest()
