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
from training import judge, metrics
from training.notes import measures, speed
from training.notes.analysis import HELD_SECONDS, RATE
from training.notes.features import Notes, read_audio
from training.notes.general_midi import FAMILIES
from training.notes.trained import Trained, timbres
from training.prepare import write_atomically

SHOWN = 240  # notes of each set
JUDGE_NOTES = 3_000
JUDGE_STEPS = 700
JUDGED_FRAMES = 2 * RATE  # of each note
KEYS = tuple(range(36, 97))  # C2 to C7
TUNED_INSTRUMENTS = 12
IN_TUNE_CENTS = 5.0
STEADY = slice(RATE // 4, RATE // 4 + 2 * RATE)
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
    judged = _judge(trained, notes, random, seed, judge_steps or JUDGE_STEPS)
    found = timbres(trained, notes)
    result = {
        "step": trained.facts["step"],
        "minutes_of_training": trained.facts["minutes"],
        "reconstruction": {
            name: _reconstruction(chosen, judged, notes)
            for name, chosen in sets.items()
        },
        "pitch": in_tune(trained, found),
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


def in_tune(trained: Trained, found: dict) -> dict:
    """Error in cents of every key of some instruments, by a tracker
    that knows nothing of the synthesiser (`find_pitch`)."""
    names = list(found)[:: max(1, len(found) // TUNED_INSTRUMENTS)]
    names = names[:TUNED_INSTRUMENTS]
    pitch = np.tile(np.array(KEYS, np.float32), len(names))
    z = np.repeat([found[n]["z"] for n in names], len(KEYS), axis=0)
    audio = trained.render(pitch, np.full(len(pitch), 0.8), z, 3.0, 3.0)
    errors = np.array(
        [
            100.0 * (find_pitch(sound[STEADY], RATE).key - key)
            for sound, key in zip(audio, pitch, strict=True)
        ]
    ).reshape(len(names), len(KEYS))
    share = float((np.abs(errors) <= IN_TUNE_CENTS).mean())
    return {
        "in_tune": share,
        "median_cents": float(np.median(np.abs(errors))),
        "worst_in_tune_cents": float(
            np.abs(errors[np.abs(errors) <= IN_TUNE_CENTS]).max(initial=0.0)
        ),
        "keys": list(KEYS),
        "errors": {n: e.round(2).tolist() for n, e in zip(names, errors, strict=True)},
        "target": TARGETS["in_tune"],
    }


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


def _judge(
    trained: Trained,
    notes: Notes,
    random: np.random.Generator,
    seed: int,
    steps: int,
) -> judge.Judge:
    """A classifier of families, trained on real notes."""
    train = notes.rows("train")
    rows = random.choice(train, min(JUDGE_NOTES, len(train)), replace=False)
    audio = load(trained, notes, rows)[:, :JUDGED_FRAMES]
    return judge.train(audio, families(notes, rows), len(FAMILIES), RATE, seed, steps)


def families(notes: Notes, rows: np.ndarray) -> np.ndarray:
    """Index in `FAMILIES` of some notes."""
    return np.array([FAMILIES.index(notes.notes[i].family) for i in rows])


def _reconstruction(chosen: Set, judged: judge.Judge, notes: Notes) -> dict:
    parts = {
        "decoded": chosen.decoded,
        "nearest": chosen.nearest,
        "other": chosen.other,
    }
    truth = families(notes, chosen.rows)
    real = chosen.real[:, :JUDGED_FRAMES]
    embedded = judged.embed(real)
    scale = embedded.std()
    right = float((judged.scores(real).argmax(1) == truth).mean())
    found = {
        "notes": len(chosen.rows),
        "held_seconds": HELD_SECONDS,
        "family": {"real": right},
        "spectral": {},
        "frechet": {},
    }
    for name, audio in parts.items():
        cut = audio[:, :JUDGED_FRAMES]
        distances = measures.spectral_distance(chosen.real, audio)
        found["spectral"][name] = float(distances.mean())
        found["frechet"][name] = metrics.frechet_distance(
            judged.embed(cut) / scale, embedded / scale
        )
        hit = judged.scores(cut).argmax(1) == truth
        found["family"][name] = float(hit.mean())
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
