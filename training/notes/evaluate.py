"""Judge a run of notes: every figure on keys and on instruments that were held out.

"Decoded" is what encoder and decoder make of a note; "nearest" is the training note
that looks most like it, "other" any training note of the same key: what a model must
beat, and what it would score by pitch alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtaudio_dl.features import find_pitch
from training import metrics
from training.errors import DataError
from training.notes import families, measures, speed
from training.notes.features import Notes, read_audio
from training.notes.form import RATE
from training.notes.trained import Trained, timbres
from training.prepare import write_atomically

SHOWN = 160  # notes of each set
JUDGE_STEPS = 1_500
KEYS = tuple(range(36, 97))  # C2 to C7
TUNED_INSTRUMENTS = 12
IN_TUNE_CENTS = 5.0
ON_KEY_CENTS = 50.0
FORTE = 100  # velocity at which every instrument was rendered
BEGIN_SECONDS = 0.02  # of what the tracker hears: the attack has no pitch yet
SHORTEST_SECONDS, LONGEST_SECONDS = 0.25, 2.0
ENDED_DB = -30.0  # below a note's peak
MORPHS, MORPH_STEPS = 12, 9
TARGETS = {"in_tune": 0.95, "family_ratio": 0.85}


@dataclass(frozen=True)
class Set:
    """Real notes (n, frames) of one kind, and what stands beside them."""

    rows: np.ndarray
    real: np.ndarray
    decoded: np.ndarray
    nearest: np.ndarray
    other: np.ndarray


def evaluate(
    trained: Trained, notes: Notes, seed: int = 0, judge_steps: int | None = None
) -> tuple[dict, dict[str, Set]]:
    """Every figure as nested mappings, and the sets they were taken from."""
    random = np.random.default_rng(seed)
    sets = {
        name: choose(trained, notes, notes.rows(split), random)
        for name, split in (("seen", "valid"), ("unseen", "test"))
        if len(notes.rows(split))
    }
    steps = judge_steps or JUDGE_STEPS
    judged = families.train(notes, notes.rows("train"), steps, seed)
    found = timbres(trained, notes)
    result = {
        "step": trained.facts["step"],
        "minutes_of_training": trained.facts["minutes"],
        "reconstruction": {
            name: _reconstruction(chosen, judged, notes)
            for name, chosen in sets.items()
        },
        "pitch": in_tune(trained, notes, found),
        "morphs": _morphs(trained, found, random),
        "speed": speed.measure(trained),
        "timbres": found,
        "history": trained.facts["history"],
    }
    return result, sets


def choose(
    trained: Trained, notes: Notes, rows: np.ndarray, random: np.random.Generator
) -> Set:
    """Some notes, decoded, and their neighbours among the training notes."""
    rows = np.sort(random.choice(rows, min(SHOWN, len(rows)), replace=False))
    train = notes.rows("train")
    velocity = np.array([notes.notes[i].velocity for i in rows], np.float32) / 127
    z = trained.encode(notes.mel[rows], notes.pitch[rows], velocity)
    flat = notes.mel.reshape(len(notes.mel), -1).astype(np.float32)
    nearest = [_nearest(flat[i], flat[train]) for i in rows]
    other = [
        random.choice(train[notes.pitch[train] == _closest(notes, train, i)])
        for i in rows
    ]
    real = load(trained, notes, rows)
    decoded = trained.render(notes.pitch[rows], velocity, z)[:, : real.shape[1]]
    return Set(
        rows,
        real,
        np.pad(decoded, ((0, 0), (0, real.shape[1] - decoded.shape[1]))),
        load(trained, notes, train[nearest]),
        load(trained, notes, np.array(other)),
    )


def load(trained: Trained, notes: Notes, rows: np.ndarray) -> np.ndarray:
    """Real notes (n, FRAMES) at the level that they were trained at."""
    root = Path(trained.config.data.source)
    sounds = [read_audio(root / notes.notes[i].path) for i in rows]
    gain = 10 ** (notes.gain_db[rows, None] / 20)
    return (np.stack(sounds) * gain).astype(np.float32)


def in_tune(trained: Trained, notes: Notes, found: dict) -> dict:
    """Error in cents of the keys of some instruments, by `find_pitch`.

    The tracker knows nothing of the synthesiser. It is asked about instruments whose
    recordings it finds on their keys (bells, for one, are on none), and of those only
    about keys near which it does.
    """
    on_key = [name for name in found if _is_on_key(trained, notes, name)]
    if not on_key:
        raise DataError("no instrument has its pitch in its recordings: none to judge")
    names = on_key[:: max(1, len(on_key) // TUNED_INSTRUMENTS)][:TUNED_INSTRUMENTS]
    pitch = np.tile(np.array(KEYS, np.float32), len(names))
    z = np.repeat([found[n]["z"] for n in names], len(KEYS), axis=0)
    audio = trained.render(pitch, np.full(len(pitch), 0.8), z, 3.0, 3.0)
    errors = np.array(
        [_cents(sound, key) for sound, key in zip(audio, pitch, strict=True)]
    ).reshape(len(names), len(KEYS))
    asked = np.array([_keys_heard(trained, notes, name) for name in names])
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
        "target": TARGETS["in_tune"],
    }


def _keys_heard(trained: Trained, notes: Notes, name: str) -> np.ndarray:
    """Which of `KEYS` have their nearest recording on its key, (keys,) bool."""
    rows = _loud(notes, name)
    pitches = notes.pitch[rows]
    audio = load(trained, notes, rows)
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


def _is_on_key(trained: Trained, notes: Notes, name: str) -> bool:
    """Whether most recordings of an instrument have the pitch that they should."""
    middle = [i for i in _loud(notes, name) if 48 <= notes.pitch[i] <= 72][::2]
    rows = np.array(middle, int)
    audio = load(trained, notes, rows) if middle else []
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


def write(result: dict, path: Path) -> None:
    """The figures as JSON, as `export --metrics` takes them."""
    text = json.dumps(result, indent=1).encode()
    write_atomically(path, lambda file: file.write(text))


def _nearest(one: np.ndarray, among: np.ndarray) -> int:
    return int(np.argmin(((among - one) ** 2).sum(1)))


def _closest(notes: Notes, train: np.ndarray, row: int) -> float:
    """The key nearest to a note's that there are training notes of."""
    pitches = notes.pitch[train]
    return float(pitches[np.argmin(np.abs(pitches - notes.pitch[row]))])


def _reconstruction(chosen: Set, judged: families.Judge, notes: Notes) -> dict:
    parts = {
        "decoded": chosen.decoded,
        "nearest": chosen.nearest,
        "other": chosen.other,
    }
    truth = families.labels(notes, chosen.rows)
    scores, real = judged.hear(chosen.real)
    right = float((scores.argmax(1) == truth).mean())
    found = {
        "notes": len(chosen.rows),
        "family": {"real": right},
        "spectral": {},
        "frechet": {},
    }
    for name, audio in parts.items():
        distances = measures.spectral_distance(chosen.real, audio)
        found["spectral"][name] = float(distances.mean())
        scores, heard = judged.hear(audio)
        found["frechet"][name] = metrics.frechet_distance(
            heard / real.std(), real / real.std()
        )
        found["family"][name] = float((scores.argmax(1) == truth).mean())
    found["family_ratio"] = found["family"]["decoded"] / max(right, 1e-9)
    found["target"] = TARGETS["family_ratio"]
    return found


def _morphs(trained: Trained, found: dict, random: np.random.Generator) -> dict:
    """Mean smoothness of the ways between pairs of instruments."""
    names = list(found)
    rows = []
    for _ in range(MORPHS):
        a, b = (np.array(found[n]["z"]) for n in random.choice(names, 2, replace=False))
        way = a + (b - a) * np.linspace(0, 1, MORPH_STEPS)[:, None]
        keys = np.full(MORPH_STEPS, 60.0)
        audio = trained.render(keys, np.full(MORPH_STEPS, 0.8), way, 1.0, 1.5)
        rows.append(measures.smoothness(audio))
    return {k: float(np.mean([r[k] for r in rows])) for k in rows[0]} | {
        "ways": MORPHS,
        "steps": MORPH_STEPS,
    }


def table(result: dict) -> str:
    """The figures as text."""
    lines = [f"{'':34s}{'decoded':>9s}{'nearest':>9s}{'other':>9s}{'real':>9s}"]
    for name, part in result["reconstruction"].items():
        for key in ("spectral", "frechet", "family"):
            cells = [part[key].get(k) for k in ("decoded", "nearest", "other", "real")]
            shown = "".join(f"{'' if c is None else f'{c:.3g}':>9s}" for c in cells)
            lines.append(f"{name + ' ' + key:34s}{shown}")
        ratio = part["family_ratio"]
        lines.append(f"{name + ' family, decoded / real':34s}{ratio:9.2f}")
    pitch, morphs = result["pitch"], result["morphs"]
    voices = result["speed"]["share_of_a_core"]
    lines += [
        f"keys within 5 cents: {100 * pitch['in_tune']:.1f} %, "
        f"median {pitch['median_cents']:.2f} cents",
        f"morphs: detour {morphs['detour']:.2f}, largest step "
        f"{morphs['largest_step']:.2f}, order {100 * morphs['order']:.0f} %",
        "share of a core: "
        + ", ".join(f"{n} voices {100 * s:.1f} %" for n, s in voices.items()),
        f"trained for {result['minutes_of_training']:.0f} minutes",
    ]
    return "\n".join(lines)
