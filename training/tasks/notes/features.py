"""Notes made ready for training: taken apart once, and kept in one cache file."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from rtaudio_dl.features import LogMel, frame_count, log_mel
from training.data import nsynth
from training.data.nsynth import Note
from training.data.workers import spread
from training.errors import DataError
from training.run.files import write_atomically
from training.tasks.notes.analysis import CEILING_DB, FLOOR_DB, analyse
from training.tasks.notes.form import FRAMES, RATE

FORMAT = 2  # Raise it when the same notes would give other features.
SPEC = LogMel(RATE, window=512, hop=256, bands=64)
CELLS = 32
SINGLE_CELLS = 12  # the first feature frames, each a cell of its own
STEP_DB = 0.5  # of levels as they are stored
OCTAVE_BELOW = 0.05  # share of power from which on a preset sounds an octave lower
LEVEL_DB = -16.0  # of every instrument, see `Notes.gain_db`
MIDDLE = (48, 84)  # keys by which an instrument's level is judged
CHUNK = 64


@dataclass(frozen=True)
class Notes:
    """Prepared notes; row i of every array is ``notes[i]``.

    ``partials`` (n, T, PARTIALS) and ``noise`` (n, T, BANDS) are uint8 levels, see
    `decibels`; ``ratios``, ``wander``, ``fade`` are those of `analysis.Parts`;
    ``mel`` (n, CELLS, bands) float16 is what the encoder sees; ``pitch`` (n,) float32
    is the key that the sound's partials say; ``gain_db`` (n,) float32 brings every
    instrument to one level.
    """

    notes: tuple[Note, ...]
    partials: np.ndarray
    noise: np.ndarray
    ratios: np.ndarray
    wander: np.ndarray
    fade: np.ndarray
    mel: np.ndarray
    pitch: np.ndarray
    gain_db: np.ndarray
    cents: np.ndarray
    digest: str

    def rows(self, *splits: str) -> np.ndarray:
        """Row numbers of some splits."""
        return np.flatnonzero([n.split in splits for n in self.notes])

    def velocity(self, rows: np.ndarray) -> np.ndarray:
        """Velocities of some rows, (n,) float32, 0..1."""
        return np.array([self.notes[i].velocity for i in rows], np.float32) / 127

    def facts(self) -> dict:
        """What a checkpoint and a card tell of the training notes."""
        used = [self.notes[i] for i in self.rows("train")]
        return {
            "notes": len(used),
            "instruments": len({n.instrument for n in used}),
            "groups": len({n.group for n in used}),
        }

    def instruments(self) -> dict[str, np.ndarray]:
        """Row numbers of each instrument, in order of its first note."""
        found: dict[str, list[int]] = {}
        for i, note in enumerate(self.notes):
            found.setdefault(note.instrument, []).append(i)
        return {name: np.array(rows) for name, rows in found.items()}


def decibels(stored: np.ndarray) -> np.ndarray:
    """Stored uint8 levels as float32 dB."""
    return stored.astype(np.float32) * STEP_DB + FLOOR_DB


def load(
    source: Path,
    cache_folder: Path,
    progress: Callable[[Iterable], Iterable] = iter,
    processes: int = 0,
) -> Notes:
    """The prepared notes of a folder, from the cache if it holds them."""
    notes = nsynth.read(source)
    digest = _digest(source, notes)
    path = cache_folder / f"{source.name}-notes-{digest[:16]}.npz"
    if not path.is_file():
        _write(path, _prepare(source, notes, progress, processes))
    return _read(path, digest)


def encoder_view(audio: np.ndarray) -> np.ndarray:
    """What the encoder sees of notes (..., FRAMES): (..., CELLS, bands) float32.

    Natural-log mel power less its highest value, so that loudness hardly counts.
    """
    mel = np.einsum("tc,...tb->...cb", cell_weights(), log_mel(audio, SPEC))
    return mel - mel.max(axis=(-2, -1), keepdims=True)


@cache
def cell_weights() -> np.ndarray:
    """Averages feature frames into cells that grow with time, (T, CELLS) float32."""
    count = frame_count(FRAMES, SPEC)
    first = np.arange(SINGLE_CELLS)
    later = np.geomspace(SINGLE_CELLS, count, CELLS - SINGLE_CELLS + 1)
    edges = np.round(np.r_[first, later]).astype(int)
    edges = np.maximum.accumulate(np.maximum(edges, np.arange(CELLS + 1)))
    weights = np.zeros((count, CELLS), np.float32)
    for cell, (a, b) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        weights[a:b, cell] = 1.0 / (b - a)
    return weights


def read_notes(source: Path, notes: Notes, rows: np.ndarray) -> np.ndarray:
    """Some notes (n, FRAMES) float32 at the level that they are trained at."""
    sounds = [nsynth.sound(source, notes.notes[i]) for i in rows]
    gain = 10 ** (notes.gain_db[rows, None] / 20)
    return (np.stack(sounds) * gain).astype(np.float32)


def _prepare(
    source: Path, notes: tuple[Note, ...], progress: Callable, processes: int
) -> dict[str, np.ndarray]:
    lower = _octave_lower(source, notes)
    work = [(n, n.pitch - 12 * (n.instrument in lower)) for n in notes]
    chunks = [work[i : i + CHUNK] for i in range(0, len(work), CHUNK)]
    parts = list(progress(spread(partial(_analyse_some, source), chunks, processes)))
    arrays = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    arrays["pitch"] = np.array([pitch for _, pitch in work], np.float32)
    arrays["gain_db"] = _gains(notes, arrays)
    arrays["table"] = np.array(json.dumps([asdict(n) for n in notes]))
    return arrays


def _octave_lower(source: Path, notes: tuple[Note, ...]) -> set[str]:
    """Instruments whose partials lie between those that their keys would have.

    Organs with a 16-foot stop sound an octave lower than the key: that is the key that
    the decoder is told.
    """
    share: dict[str, list[float]] = {}
    for note in notes:
        if note.velocity >= 75 and MIDDLE[0] <= note.pitch <= MIDDLE[1]:
            if note.pitch % 4 == 0:
                parts = analyse(nsynth.sound(source, note), note.pitch)
                share.setdefault(note.instrument, []).append(parts.octave_below)
    return {name for name, s in share.items() if np.median(s) > OCTAVE_BELOW}


def _analyse_some(source: Path, work: list[tuple[Note, int]]) -> dict[str, np.ndarray]:
    found = []
    sounds = np.stack([nsynth.sound(source, note) for note, _ in work])
    for audio, (_, pitch) in zip(sounds, work, strict=True):
        parts = analyse(audio, pitch)
        found.append(
            {
                "partials": _stored(parts.partials),
                "noise": _stored(parts.noise),
                "ratios": parts.ratios.astype(np.float16),
                "wander": parts.wander.astype(np.float16),
                "fade": parts.fade.astype(np.float16),
                "cents": np.float32(parts.cents),
            }
        )
    arrays = {k: np.stack([f[k] for f in found]) for k in found[0]}
    # All at once: the matrices of the spectrum cost more than one note.
    return arrays | {"mel": encoder_view(sounds).astype(np.float16)}


def _stored(db: np.ndarray) -> np.ndarray:
    db = np.clip(db, FLOOR_DB, CEILING_DB)
    return np.round((db - FLOOR_DB) / STEP_DB).astype(np.uint8)


def _gains(notes: tuple[Note, ...], arrays: dict) -> np.ndarray:
    """Gain of each note: one for each instrument, from loud notes of the middle."""
    power = 10 ** (decibels(arrays["partials"]) / 10)
    level = 10 * np.log10(power.sum(2).max(1) + 1e-12)
    loud: dict[str, list[float]] = {}
    for i, note in enumerate(notes):
        middle = MIDDLE[0] <= note.pitch <= MIDDLE[1]
        if 75 <= note.velocity <= 110 and middle:
            loud.setdefault(note.instrument, []).append(level[i])
    every = {n.instrument: [] for n in notes}
    for i, note in enumerate(notes):
        every[note.instrument].append(level[i])
    gain = {k: LEVEL_DB - float(np.mean(loud.get(k, v))) for k, v in every.items()}
    return np.array([gain[n.instrument] for n in notes], np.float32)


def _digest(source: Path, notes: tuple[Note, ...]) -> str:
    digest = hashlib.sha256(json.dumps([FORMAT, str(SPEC), CELLS]).encode())
    for note in notes:
        digest.update(repr(note).encode())
        try:
            stat = (source / note.path).stat()
        except OSError:
            raise DataError(f"{source / note.path}: listed, but not there") from None
        digest.update(f"{stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    write_atomically(path, lambda file: np.savez(file, **arrays))


def _read(path: Path, digest: str) -> Notes:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {k: stored[k] for k in stored.files}
        notes = tuple(Note(**n) for n in json.loads(str(arrays.pop("table"))))
        return Notes(notes=notes, digest=digest, **arrays)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: not a cache of notes ({error}); delete it and prepare again"
        ) from None
