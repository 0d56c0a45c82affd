"""Whether the keys are in tune, by a tracker that knows nothing of the synthesiser."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtaudio_dl.features import find_pitch
from training.errors import DataError
from training.tasks.notes.features import Notes, read_notes
from training.tasks.notes.form import RATE
from training.tasks.notes.sample import Trained

KEYS = tuple(range(36, 97))  # C2 to C7
TUNED_INSTRUMENTS = 12
IN_TUNE_CENTS, IN_TUNE_SHARE = 5.0, 0.95  # wanted: this share of keys within so much
ON_KEY_CENTS = 50.0
FORTE = 100  # velocity at which every instrument was rendered
BEGIN_SECONDS = 0.02  # of what the tracker hears: the attack has no pitch yet
SHORTEST_SECONDS, LONGEST_SECONDS = 0.25, 2.0
ENDED_DB = -30.0  # below a note's peak


def in_tune(trained: Trained, notes: Notes, found: dict) -> dict:
    """Error in cents of the keys of some instruments, by `find_pitch`.

    The tracker knows nothing of the synthesiser. It is asked about instruments whose
    recordings it finds on their keys (bells, for one, are on none), and of those only
    about keys near which it does.
    """
    source = Path(trained.config.data.source)
    on_key = [name for name in found if _is_on_key(source, notes, name)]
    if not on_key:
        raise DataError("no instrument has its pitch in its recordings: none to judge")
    names = on_key[:: max(1, len(on_key) // TUNED_INSTRUMENTS)][:TUNED_INSTRUMENTS]
    pitch = np.tile(np.array(KEYS, np.float32), len(names))
    z = np.repeat([found[n]["z"] for n in names], len(KEYS), axis=0)
    audio = trained.render(pitch, np.full(len(pitch), 0.8), z, 3.0, 3.0)
    errors = np.array(
        [_cents(sound, key) for sound, key in zip(audio, pitch, strict=True)]
    ).reshape(len(names), len(KEYS))
    asked = np.array([_keys_heard(source, notes, name) for name in names])
    share = float((np.abs(errors[asked]) <= IN_TUNE_CENTS).mean())
    return {
        "in_tune": share,
        "asked": int(asked.sum()),
        "of": int(asked.size),
        "instruments_on_their_keys": len(on_key),
        "instruments": len(found),
        "median_cents": float(np.median(np.abs(errors[asked]))),
        "keys": list(KEYS),
        "errors": {n: e.round(2).tolist() for n, e in zip(names, errors, strict=True)},
        "target": IN_TUNE_SHARE,
    }


def _keys_heard(source: Path, notes: Notes, name: str) -> np.ndarray:
    """Which of `KEYS` have their nearest recording on its key, (keys,) bool."""
    rows = _loud(notes, name)
    pitches = notes.pitch[rows]
    audio = read_notes(source, notes, rows)
    heard = np.array(
        [
            abs(_cents(sound, key)) < ON_KEY_CENTS
            for sound, key in zip(audio, pitches, strict=True)
        ]
    )
    return heard[np.abs(np.array(KEYS)[:, None] - pitches).argmin(axis=1)]


def _loud(notes: Notes, name: str) -> np.ndarray:
    """Rows of an instrument's notes of one velocity, that of forte."""
    loud = [
        i
        for i, note in enumerate(notes.notes)
        if note.name == name and note.velocity == FORTE
    ]
    return np.array(loud, int)


def _is_on_key(source: Path, notes: Notes, name: str) -> bool:
    """Whether most recordings of an instrument have the pitch that they should."""
    middle = [i for i in _loud(notes, name) if 48 <= notes.pitch[i] <= 72][::2]
    rows = np.array(middle, int)
    audio = read_notes(source, notes, rows) if middle else []
    errors = [
        _cents(sound, notes.pitch[i]) for sound, i in zip(audio, rows, strict=True)
    ]
    return bool(middle) and float(np.median(np.abs(errors))) < ON_KEY_CENTS


def _cents(sound: np.ndarray, key: float) -> float:
    """How far a note is from its key; far off if there is no sound."""
    try:
        return 100.0 * (find_pitch(_sounding(sound), RATE).key - float(key))
    except ValueError:
        return 1_200.0


def _sounding(sound: np.ndarray) -> np.ndarray:
    """The part of a note that has a pitch: plucked ones are short."""
    block = RATE // 50
    level = np.abs(sound[: len(sound) // block * block]).reshape(-1, block).max(axis=1)
    heard = np.flatnonzero(level > level.max() * 10 ** (ENDED_DB / 20))
    last = (heard[-1] + 1) * block if len(heard) else 0
    begin = int(BEGIN_SECONDS * RATE)
    shortest, longest = (int(s * RATE) for s in (SHORTEST_SECONDS, LONGEST_SECONDS))
    return sound[begin : begin + int(np.clip(last - begin, shortest, longest))]
