"""Judge a classifier on sounds that were held out: figures, then a page to look at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from training.run.files import write_atomically
from training.tasks.classify import calibrate, cross, held_out, metrics, page
from training.tasks.classify.config import Config
from training.tasks.classify.held_out import Calibration, Outcome
from training.tasks.classify.verdict import Verdict, verdict

FILE = "metrics.json"


def judge(
    config: Config, progress: Callable[[Iterable], Iterable] = iter
) -> tuple[list[Outcome], list[Calibration]]:
    """Every run of a configuration on what it held out, and its calibration."""
    outcomes = [held_out.judge(part) for part in progress(cross.runs(config))]
    return outcomes, held_out.calibrations(outcomes)


def figures(
    outcomes: list[Outcome], calibrations: list[Calibration], judged: Verdict
) -> dict:
    """What `evaluate` writes as ``metrics.json``; plain numbers and texts."""
    right = judged.found == judged.classes
    runs = [
        _run(o, c, right[judged.run == i])
        for i, (o, c) in enumerate(zip(outcomes, calibrations, strict=True))
    ]
    each = [r["accuracy"] for r in runs]
    low, high = metrics.interval(int(right.sum()), len(right))
    return {
        "accuracy": round(float(np.mean(each)), 4),
        "accuracy_spread": round(float(np.std(each)), 4),
        "accuracy_95": [round(low, 4), round(high, 4)],
        "clips": len(right),
        "mistakes": int((~right).sum()),
        "window_accuracy": _accuracy(judged.windows, judged.window_classes),
        "calibration_error": _calibration_error(judged.windows, judged),
        "calibration_error_before": _calibration_error(judged.raw_windows, judged),
        "runs": runs,
        "classes": _classes(judged, calibrations),
        "protocol": protocol(outcomes),
    }


def evaluate(
    config: Config, out: Path, progress: Callable[[Iterable], Iterable] = iter
) -> dict:
    """Measure, and write ``metrics.json`` and ``report.html`` into ``out``."""
    outcomes, calibrations = judge(config, progress)
    judged = verdict(outcomes, calibrations)
    result = figures(outcomes, calibrations, judged)
    write_atomically(
        out / FILE, lambda file: file.write(json.dumps(result, indent=1).encode())
    )
    page.write(out / "report.html", result, outcomes, judged)
    return result


def protocol(outcomes: list[Outcome]) -> str:
    """In a sentence: who was tested, and that nobody trained who was."""
    first = outcomes[0]
    data, task = first.part.config.data, first.data
    groups = {e.group for o in outcomes for e in o.data.entries("test")}
    if data.protocol == "folds":
        return (
            f"{len(outcomes)} folds of {task.manifest.dataset}, each tested by a "
            "network trained on the others"
        )
    if data.protocol == "groups":
        return (
            f"each of {len(outcomes)} groups of {task.manifest.dataset} "
            f"({', '.join(sorted(groups))}) tested by a network trained on the others"
        )
    return (
        f"test part of {task.manifest.dataset}: {len(task.rows('test'))} clips of "
        f"{len(groups)} groups (speakers or sources) that are in no other part"
    )


def text(result: dict) -> str:
    """The figures as text, one line each."""
    low, high = result["accuracy_95"]
    lines = [
        f"accuracy {result['accuracy']:.3f} on {result['clips']} clips "
        f"(95 %: {low:.3f}..{high:.3f})",
        f"calibration error {result['calibration_error']:.3f} "
        f"(before: {result['calibration_error_before']:.3f})",
        result["protocol"],
    ]
    if len(result["runs"]) > 1:
        lines[0] += f", standard deviation of runs {result['accuracy_spread']:.3f}"
        lines += [f"run {r['run']}: {r['accuracy']:.3f}" for r in result["runs"]]
    for name, c in result["classes"].items():
        lines.append(
            f"{name:16s} precision {c['precision']:.3f}  recall {c['recall']:.3f}  "
            f"AUC {c['auc']:.3f}  ({c['clips']} clips)"
        )
    return "\n".join(lines)


def _run(outcome: Outcome, calibration: Calibration, right: np.ndarray) -> dict:
    facts = outcome.trained.facts
    groups = sorted({e.group for e in outcome.data.entries("test")})
    return {
        "run": outcome.part.config.data.fold,
        "held_out": ", ".join(groups) if len(groups) == 1 else f"{len(groups)} groups",
        "accuracy": round(float(right.mean()), 4),
        "clips": len(right),
        "temperature": round(calibration.temperature, 4),
        "thresholds": list(calibration.thresholds),
        "chosen_on": calibration.chosen_on,
        "training_clips": facts["clips"],
        "minutes": round(facts["minutes"], 1),
        "step": facts["step"],
    }


def _classes(judged: Verdict, calibrations: list[Calibration]) -> dict:
    """Figures of each class that has test sounds; made-up silence has none."""
    table = metrics.confusion(judged.classes, judged.found, len(judged.labels))
    precision, recall = metrics.precision_recall(table)
    harmonic = metrics.f1(precision, recall)
    threshold = np.mean([c.thresholds for c in calibrations], axis=0)
    found = {}
    for k, label in enumerate(judged.labels):
        truth = judged.classes == k
        if not truth.any():
            continue
        auc = metrics.area(*metrics.roc(judged.scores[:, k], truth))
        found[label] = {
            "precision": round(float(precision[k]), 4),
            "recall": round(float(recall[k]), 4),
            "f1": round(float(harmonic[k]), 4),
            "auc": round(auc, 4),
            "threshold": round(float(threshold[k]), 3),
            "clips": int(truth.sum()),
        }
    return found


def _accuracy(scores: np.ndarray, classes: np.ndarray) -> float:
    return round(float((scores.argmax(axis=1) == classes).mean()), 4)


def _calibration_error(scores: np.ndarray, judged: Verdict) -> float:
    return round(calibrate.calibration_error(scores, judged.window_classes), 4)
