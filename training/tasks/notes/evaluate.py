"""Judge a run of notes: every figure on keys and on instruments that were held out.

"Decoded" is what encoder and decoder make of a note, "played" what the decoder makes of
its instrument's mean timbre, as a player hears it; "nearest" is the training note that
looks most like it, "other" any training note of the same key: what a model must beat,
and what it would score by pitch alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.run import metrics
from training.run.files import write_atomically
from training.tasks.notes import families, measures, speed
from training.tasks.notes.features import Notes, read_notes
from training.tasks.notes.form import FRAMES
from training.tasks.notes.sample import Trained, mean_timbres, timbres
from training.tasks.notes.tuning import in_tune

SHOWN = 320  # notes of each set
JUDGE_STEPS = 3_000
MADE = ("decoded", "played", "nearest", "other")  # beside the real ones
CHUNK = 128  # notes that are read at once
MORPHS, MORPH_STEPS = 12, 9
FAMILY_RATIO = 0.85  # wanted


@dataclass(frozen=True)
class Set:
    """Real notes (n, frames) of one kind, and what stands beside them."""

    rows: np.ndarray
    real: np.ndarray
    decoded: np.ndarray
    played: np.ndarray
    nearest: np.ndarray
    other: np.ndarray


def evaluate(
    trained: Trained, notes: Notes, seed: int = 0, judge_steps: int | None = None
) -> tuple[dict, dict[str, Set]]:
    """Every figure as nested mappings, and the sets they were taken from."""
    random = np.random.default_rng(seed)
    found = timbres(trained, notes)
    # Instruments that were not trained on are encoded from all of their notes.
    means = mean_timbres(trained, notes, notes.rows("test"))
    means |= {name: np.array(timbre["z"]) for name, timbre in found.items()}
    sets = {
        name: choose(trained, notes, notes.rows(split), means, random)
        for name, split in (("seen", "valid"), ("unseen", "test"))
        if len(notes.rows(split))
    }
    steps = judge_steps or JUDGE_STEPS
    judged = _judge(Path(trained.config.data.source), notes, steps, seed)
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


def _judge(source: Path, notes: Notes, steps: int, seed: int) -> families.Judge:
    rows = notes.rows("train")
    views = [
        families.view(read_notes(source, notes, rows[i : i + CHUNK]))
        for i in range(0, len(rows), CHUNK)
    ]
    truth = families.labels(notes, rows)
    return families.train(np.concatenate(views), truth, steps, seed)


def choose(
    trained: Trained,
    notes: Notes,
    rows: np.ndarray,
    means: dict[str, np.ndarray],
    random: np.random.Generator,
) -> Set:
    """Some notes, decoded, and their neighbours among the training notes.

    ``means`` has the timbre by which each instrument is played.
    """
    rows = np.sort(random.choice(rows, min(SHOWN, len(rows)), replace=False))
    train = notes.rows("train")
    z = trained.encode(notes.mel[rows], notes.pitch[rows], notes.velocity(rows))
    played = np.stack([means[notes.notes[i].name] for i in rows])
    flat = notes.mel.reshape(len(notes.mel), -1).astype(np.float32)
    nearest = [_nearest(flat[i], flat[train]) for i in rows]
    other = [
        random.choice(train[notes.pitch[train] == _closest(notes, train, i)])
        for i in rows
    ]
    source = Path(trained.config.data.source)
    return Set(
        rows,
        read_notes(source, notes, rows),
        _rendered(trained, notes, rows, z),
        _rendered(trained, notes, rows, played),
        read_notes(source, notes, train[nearest]),
        read_notes(source, notes, np.array(other)),
    )


def _rendered(
    trained: Trained, notes: Notes, rows: np.ndarray, z: np.ndarray
) -> np.ndarray:
    audio = trained.render(notes.pitch[rows], notes.velocity(rows), z)[:, :FRAMES]
    return np.pad(audio, ((0, 0), (0, FRAMES - audio.shape[1])))


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
    parts = {name: getattr(chosen, name) for name in MADE}
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
    for name in ("decoded", "played"):
        found[f"family_ratio_{name}"] = found["family"][name] / max(right, 1e-9)
    found["target"] = FAMILY_RATIO
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
    columns = (*MADE, "real")
    lines = [f"{'':34s}" + "".join(f"{name:>9s}" for name in columns)]
    for name, part in result["reconstruction"].items():
        for key in ("spectral", "frechet", "family"):
            cells = [part[key].get(k) for k in columns]
            shown = "".join(f"{'' if c is None else f'{c:.3g}':>9s}" for c in cells)
            lines.append(f"{name + ' ' + key:34s}{shown}")
        ratios = [part[f"family_ratio_{k}"] for k in ("decoded", "played")]
        shown = "".join(f"{ratio:9.2f}" for ratio in ratios)
        lines.append(f"{name + ' family, over real':34s}{shown}")
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
