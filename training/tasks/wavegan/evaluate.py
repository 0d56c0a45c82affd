"""Judge a generator: every figure with its floor, its ceiling and its spread.

Generated sounds stand beside real sounds of kits that were held out (valid and test),
all in the same mix of classes. "Real" is the floor: the held-out sounds themselves
where one set is scored, the training sounds against the held-out ones where two are
compared. "Noise" is the ceiling. Everything is repeated with another classifier,
another choice of sounds and other latents for each seed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data.prepare import Dataset
from training.errors import DataError
from training.run import metrics
from training.run.files import write_atomically
from training.tasks.wavegan import checks, judge, page
from training.tasks.wavegan.sample import Trained, generate

JUDGE_STEPS = 900
PER_CLASS = 40
POOLED = (12, 16)  # feature frames, bands
TARGETS = {
    "recognition": "generated at most 0.05 below held-out",
    "kid": "generated at most 10 times the floor",
    "kid_mel": "generated at most 10 times the floor",
    "nearest_ratio": "above 0.8",
}


@dataclass(frozen=True)
class Sets:
    """The sounds of one round, as audio (n, frames) and class indices (n,)."""

    held_out: np.ndarray
    held_out_classes: np.ndarray
    train: np.ndarray
    train_rows: np.ndarray
    generated: np.ndarray
    noise: np.ndarray
    even: np.ndarray
    even_classes: np.ndarray


def evaluate(
    trained: Trained,
    sounds: Dataset,
    out: Path,
    seeds: int = 3,
    progress: Callable[[Iterable], Iterable] = iter,
    judge_steps: int | None = None,
) -> dict:
    """Measure, and write ``metrics.json`` and ``report.html`` into ``out``.

    Gives {"figures": name -> {generated, real, noise: {mean, low, high}},
    "classes": label -> {...}, "targets": name -> {"target", "met"}, ...}.
    """
    if not len(sounds.rows("valid", "test")) > 1:
        raise DataError("nothing to compare with: no sounds in the valid or test split")
    rounds = [
        _round(trained, sounds, s, judge_steps or JUDGE_STEPS)
        for s in progress(range(seeds))
    ]
    labels = trained.labels or (trained.config.model.name,)
    last = rounds[-1]["sets"]
    classes = _class_table(labels, rounds, last, trained.config.data.sample_rate)
    figures = {
        name: {
            part: _spread([r["figures"][name][part] for r in rounds])
            for part in rounds[0]["figures"][name]
        }
        for name in rounds[0]["figures"]
    }
    result = {
        "figures": figures,
        "classes": classes,
        "targets": _targets(figures),
        "held_out_sounds": len(last.held_out),
        "seeds": seeds,
        "step": trained.facts.get("step"),
    }
    write_atomically(
        out / "metrics.json",
        lambda file: file.write(json.dumps(result, indent=1).encode()),
    )
    names = [labels[k] for k in last.even_classes]
    page.write(out, result, last.even, names, trained.config.data.sample_rate)
    return result


def table(result: dict) -> str:
    """The figures as text, one line each."""
    lines = [f"{'':16s}{'generated':>22s}{'real':>22s}{'noise':>10s}  target"]
    for name, parts in result["figures"].items():
        target = result["targets"].get(name)
        verdict = f"{target['target']}: {_verdict(target['met'])}" if target else ""
        lines.append(
            f"{name:16s}{_shown(parts['generated']):>22s}{_shown(parts['real']):>22s}"
            f"{parts['noise']['mean']:10.3g}  {verdict}"
        )
    return "\n".join(lines)


def _round(trained: Trained, sounds: Dataset, seed: int, steps: int) -> dict:
    """One seed: train a judge, choose sounds, measure."""
    count = max(1, len(trained.labels))
    classes = _classes(trained, sounds)
    rows = sounds.rows("train", augmented=True)
    judged = judge.train(
        sounds.floats(rows),
        sounds.classes()[rows],
        len(sounds.labels),
        trained.config.data.sample_rate,
        seed,
        steps,
    )
    sets = _choose(trained, sounds, classes, seed)
    train_mel = _pooled(sounds.floats(rows), judged.spec)
    own = sounds.clip[sets.train_rows][:, None] == sounds.clip[rows][None]
    scores = {
        "generated": judged.scores(sets.even),
        "real": judged.scores(sets.held_out),
        "noise": judged.scores(sets.noise),
    }
    truth = {
        "generated": sets.even_classes,
        "real": sets.held_out_classes,
        "noise": sets.held_out_classes,
    }
    recognised = {
        part: metrics.recognition(scores[part], truth[part], count) for part in scores
    }
    figures = {
        "inception_score": {p: metrics.inception_score(s) for p, s in scores.items()},
        **_distances(sets, judged, train_mel, own),
    }
    if trained.labels:
        mean = {p: float(np.nanmean(r)) for p, r in recognised.items()}
        figures = {"recognition": mean, **figures}
    return {"figures": figures, "sets": sets, "recognised": recognised}


def _classes(trained: Trained, sounds: Dataset) -> np.ndarray:
    """Class index of each row as the generator counts them."""
    return sounds.classes() if trained.labels else np.zeros(len(sounds.clip), int)


def _choose(trained: Trained, sounds: Dataset, classes: np.ndarray, seed: int) -> Sets:
    """Equal numbers of held-out, training and generated sounds of every class."""
    random = np.random.default_rng(seed)
    held, real = sounds.rows("valid", "test"), sounds.rows("train")
    size = max(1, len(trained.labels))
    chosen_held, chosen_train = [], []
    for k in range(size):
        a, b = held[classes[held] == k], real[classes[real] == k]
        n = min(len(a), len(b))
        chosen_held.append(random.choice(a, n, replace=False))
        chosen_train.append(random.choice(b, n, replace=False))
    held_rows, train_rows = np.concatenate(chosen_held), np.concatenate(chosen_train)
    even_classes = np.repeat(np.arange(size), PER_CLASS)
    peak = trained.config.data.peak
    noise = random.uniform(-peak, peak, (len(held_rows), sounds.audio.shape[1]))
    return Sets(
        held_out=sounds.floats(held_rows),
        held_out_classes=classes[held_rows],
        train=sounds.floats(train_rows),
        train_rows=train_rows,
        generated=generate(trained, classes[held_rows], 1_000 + seed),
        noise=noise.astype(np.float32),
        even=generate(trained, even_classes, 2_000 + seed),
        even_classes=even_classes,
    )


def _distances(
    sets: Sets, judged: judge.Judge, train_mel: np.ndarray, own: np.ndarray
) -> dict:
    """Distances to the held-out sounds, by the judge's embedding and by plain mel.

    ``own`` marks the rows of ``train_mel`` that are the very clip of a training sound:
    its nearest other clip says what a new sound of the same kits would score.
    """
    parts = {"generated": sets.generated, "real": sets.train, "noise": sets.noise}
    held_embedding = judged.embed(sets.held_out)
    held_mel = _pooled(sets.held_out, judged.spec)
    centre, scale = held_embedding.mean(0), held_embedding.std()
    mel_centre, mel_scale = held_mel.mean(0), held_mel.std()
    embedded = {p: (judged.embed(a) - centre) / scale for p, a in parts.items()}
    mel = {p: _pooled(a, judged.spec) for p, a in parts.items()}
    held = (held_embedding - centre) / scale
    held_unit = (held_mel - mel_centre) / mel_scale
    ratio = {
        "generated": metrics.nearest_ratio(mel["generated"], held_mel, train_mel),
        "real": float(
            metrics.nearest(mel["real"], train_mel, own).mean()
            / metrics.nearest(held_mel, train_mel).mean()
        ),
        "noise": metrics.nearest_ratio(mel["noise"], held_mel, train_mel),
    }
    return {
        "kid": {p: metrics.kernel_distance(e, held) for p, e in embedded.items()},
        "kid_mel": {
            p: metrics.kernel_distance((m - mel_centre) / mel_scale, held_unit)
            for p, m in mel.items()
        },
        "frechet": {p: metrics.frechet_distance(e, held) for p, e in embedded.items()},
        "nearest_ratio": ratio,
    }


def _pooled(audio: np.ndarray, spec) -> np.ndarray:
    """Log-mel averaged to `POOLED` cells, (n, cells): coarse, but not learned."""
    features = judge.normalised(audio, spec)[..., 0]
    for axis, cells in zip((1, 2), POOLED, strict=True):
        cells = min(cells, features.shape[axis])
        parts = np.array_split(features, cells, axis=axis)
        features = np.stack([p.mean(axis=axis) for p in parts], axis=axis)
    return features.reshape(len(features), -1)


def _class_table(
    labels: tuple[str, ...], rounds: list[dict], sets: Sets, rate: int
) -> dict:
    found = {}
    for k, label in enumerate(labels):
        values = checks.figures(sets.even[sets.even_classes == k], rate)
        found[label] = {
            "recognised": {
                part: _mean([r["recognised"][part][k] for r in rounds])
                for part in ("generated", "real")
            },
            "held_out": int((sets.held_out_classes == k).sum()),
            "checks": {name: round(v, 5) for name, v in values.items()},
            "failures": checks.failures(values),
        }
    return found


def _targets(figures: dict) -> dict:
    generated = {name: parts["generated"]["mean"] for name, parts in figures.items()}
    real = {name: parts["real"]["mean"] for name, parts in figures.items()}
    met = {
        "kid": generated["kid"] <= 10 * real["kid"],
        "kid_mel": generated["kid_mel"] <= 10 * real["kid_mel"],
        "nearest_ratio": generated["nearest_ratio"] > 0.8,
    }
    if "recognition" in figures:
        met["recognition"] = generated["recognition"] >= real["recognition"] - 0.05
    return {n: {"target": TARGETS[n], "met": bool(m)} for n, m in met.items()}


def _mean(values: list[float]) -> float | None:
    """Mean, or None where a class has no sounds to ask about (JSON has no NaN)."""
    return None if np.isnan(values).any() else round(float(np.mean(values)), 3)


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "mean": round(float(np.mean(values)), 5),
        "low": round(float(np.min(values)), 5),
        "high": round(float(np.max(values)), 5),
    }


def _shown(part: dict[str, float]) -> str:
    return f"{part['mean']:.3g} ({part['low']:.3g}..{part['high']:.3g})"


def _verdict(met: bool) -> str:
    return "met" if met else "missed"
