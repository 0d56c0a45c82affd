"""From sound files to one cache of equal, clean, aligned clips."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from training.audio.pcm import INT16
from training.data import sounds
from training.data.clips import ClipData
from training.data.sounds import Clip
from training.errors import DataError
from training.run.files import write_atomically

FORMAT = 1  # Raise it when the same parameters would give other samples.
MAX_SECONDS = 600.0  # Of one file: a one-shot is never longer, a bomb may be.
RESAMPLE_STEP_HZ = 25  # Speeds are rounded to it: small ratios make short filters.


@dataclass(frozen=True)
class Dataset:
    """Prepared sounds: int16 ``audio`` (n, frames), and for each its clip and class.

    ``clip`` indexes ``clips``; a training clip occurs once per speed. ``labels`` are
    the class names in index order; ``skipped`` names the files that were not readable.
    """

    audio: np.ndarray
    clip: np.ndarray
    clips: tuple[Clip, ...]
    labels: tuple[str, ...]
    skipped: tuple[str, ...]
    digest: str

    def classes(self) -> np.ndarray:
        """Class index of every row of ``audio``, int32."""
        index = {label: i for i, label in enumerate(self.labels)}
        per_clip = np.array([index[c.label] for c in self.clips], np.int32)
        return per_clip[self.clip]

    @property
    def problems(self) -> tuple[str, ...]:
        """Lines about what was left out."""
        return self.skipped

    def facts(self) -> dict:
        """What a checkpoint and a card tell of the training sounds."""
        clips = [c for c in self.clips if c.split == "train"]
        return {
            "clips": len(clips),
            "groups": len({c.group for c in clips}),
            "licences": sounds.licence_summary(clips),
        }

    def rows(self, *splits: str, augmented: bool = False) -> np.ndarray:
        """Row numbers of some splits; without ``augmented`` each clip once, as is."""
        inside = np.array([c.split in splits for c in self.clips])[self.clip]
        if not augmented:
            inside &= np.r_[True, self.clip[1:] != self.clip[:-1]]
        return np.flatnonzero(inside)

    def floats(self, rows: np.ndarray) -> np.ndarray:
        """Some rows as float32 in -1..1."""
        return self.audio[rows].astype(np.float32) / np.float32(INT16)


def load(data: ClipData, progress: Callable[[Iterable], Iterable] = iter) -> Dataset:
    """The prepared sounds, from the cache if it holds them, else made and cached."""
    clips = sounds.find(data)
    digest = _digest(data, clips)
    path = Path(data.cache) / f"{Path(data.source).name}-{digest[:16]}.npz"
    if path.is_file():
        return _read(path)
    dataset = _prepare(data, clips, digest, progress)
    _write(path, dataset)
    return dataset


def condition(audio: np.ndarray, rate: float, data: ClipData) -> np.ndarray:
    """One clip made ready: mono, resampled, trimmed, faded, at its peak; float32.

    ``audio`` is (frames,) or (frames, channels) at ``rate`` Hz; gives (data.frames,).
    Raises ValueError for a clip that is empty, silent or not finite.
    """
    if not audio.size or not np.all(np.isfinite(audio)):
        raise ValueError("empty or not finite")
    mono = audio if audio.ndim == 1 else audio.mean(axis=1)
    mono = mono - mono.mean()
    ratio = Fraction(data.sample_rate, max(1, round(rate)))
    mono = resample_poly(mono, ratio.numerator, ratio.denominator)
    peak = np.abs(mono).max()
    if peak < 1e-4:
        raise ValueError("silent")
    start = max(0, onset(mono, data.onset_db) - data.pre_onset)
    clip = np.zeros(data.frames)
    cut = mono[start : start + data.frames]
    clip[: len(cut)] = cut
    clip *= fades(data)
    # A cut sound ends where its file ends: fade there too, or it clicks.
    ramp = min(data.fade_in * 4, len(cut))
    clip[len(cut) - ramp : len(cut)] *= np.linspace(1, 0, ramp)
    return (clip * (data.peak / max(np.abs(clip).max(), 1e-9))).astype(np.float32)


def onset(audio: np.ndarray, threshold_db: float) -> int:
    """First frame within ``threshold_db`` of the peak."""
    level = np.abs(audio)
    return int(np.argmax(level >= level.max() * 10 ** (threshold_db / 20)))


def fades(data: ClipData) -> np.ndarray:
    """The window that every clip has: raised-cosine fade-in and fade-out, float32."""
    window = np.ones(data.frames)
    rise, fall = data.fade_in, min(data.fade_out, data.frames)
    window[:rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / max(rise, 1))
    tail = 0.5 + 0.5 * np.cos(np.pi * (np.arange(fall) + 1) / max(fall, 1))
    window[data.frames - fall :] *= tail
    return window.astype(np.float32)


def _prepare(
    data: ClipData, clips: tuple[Clip, ...], digest: str, progress: Callable
) -> Dataset:
    audio, index, kept, skipped = [], [], [], []
    for clip in progress(clips):
        try:
            versions = _versions(clip, data)
        except (OSError, ValueError, soundfile.SoundFileError) as error:
            skipped.append(f"{clip.path}: {error}")
            continue
        audio += [np.round(v * INT16).astype(np.int16) for v in versions]
        index += [len(kept)] * len(versions)
        kept.append(clip)
    if not any(c.split == "train" for c in kept):
        raise DataError(
            f"{data.source}: no readable training sound; first problem: "
            f"{skipped[0] if skipped else 'no files'}"
        )
    labels = data.classes or tuple(sorted({c.label for c in kept}))
    return Dataset(
        np.stack(audio), np.array(index), tuple(kept), labels, tuple(skipped), digest
    )


def _versions(clip: Clip, data: ClipData) -> list[np.ndarray]:
    """A clip as it is, and for training at the further speeds."""
    path = Path(data.source) / clip.path
    info = soundfile.info(path)
    if info.duration > MAX_SECONDS:
        raise ValueError(f"{info.duration:.0f} s long, at most {MAX_SECONDS:.0f} s")
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    speeds = (1.0, *data.speeds) if clip.split == "train" else (1.0,)
    return [condition(audio, _speeded(rate, s), data) for s in speeds]


def _speeded(rate: int, speed: float) -> float:
    if speed == 1.0:
        return rate
    return RESAMPLE_STEP_HZ * round(rate * speed / RESAMPLE_STEP_HZ)


def _digest(data: ClipData, clips: tuple[Clip, ...]) -> str:
    """Digest of everything that the cache depends on."""
    parameters = {k: v for k, v in vars(data).items() if k not in ("cache", "balance")}
    parameters["aliases"] = dict(data.aliases)
    parameters["source"] = str(Path(data.source).resolve())
    text = json.dumps([FORMAT, parameters, [asdict(c) for c in clips]], sort_keys=True)
    digest = hashlib.sha256(text.encode())
    for clip in clips:
        try:
            stat = (Path(data.source) / clip.path).stat()
            digest.update(f"{stat.st_size} {stat.st_mtime_ns}\n".encode())
        except OSError:
            digest.update(b"missing\n")
    return digest.hexdigest()


def _write(path: Path, dataset: Dataset) -> None:
    table = json.dumps(
        {
            "clips": [asdict(c) for c in dataset.clips],
            "labels": dataset.labels,
            "skipped": dataset.skipped,
            "digest": dataset.digest,
        }
    )
    write_atomically(
        path,
        lambda file: np.savez(
            file, audio=dataset.audio, clip=dataset.clip, table=np.array(table)
        ),
    )


def _read(path: Path) -> Dataset:
    try:
        with np.load(path, allow_pickle=False) as stored:
            table = json.loads(str(stored["table"]))
            return Dataset(
                audio=stored["audio"],
                clip=stored["clip"],
                clips=tuple(Clip(**c) for c in table["clips"]),
                labels=tuple(table["labels"]),
                skipped=tuple(table["skipped"]),
                digest=table["digest"],
            )
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: not a cache of sounds ({error}); delete it and prepare again"
        ) from None
