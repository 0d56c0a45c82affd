"""A classifier's evaluation as one page, its pictures and sounds inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.audio.pcm import INT16
from training.run import report
from training.run.report import bar, percent, section, text
from training.tasks.classify import calibrate, metrics, plots
from training.tasks.classify.held_out import Outcome
from training.tasks.classify.verdict import Verdict

MISTAKES = 24
MAX_SECONDS = 5.0  # of a sound in the page
CLASSES = ("class", "precision", "recall", "F1", "AUC", "threshold", "clips")


def write(path: Path, result: dict, outcomes: list[Outcome], judged: Verdict) -> None:
    """Write the page; ``result`` is what `evaluate.figures` gave."""
    before, after = (
        calibrate.reliability(scores, judged.window_classes)
        for scores in (judged.raw_windows, judged.windows)
    )
    curves = {
        label: metrics.roc(judged.scores[:, k], judged.classes == k)
        for k, label in enumerate(judged.labels)
        if np.any(judged.classes == k)
    }
    histories = [o.trained.facts["history"] for o in outcomes]
    runs = _runs(result["runs"]) if len(result["runs"]) > 1 else ""
    wrong = [_mistake(outcomes, judged, i) for i in judged.mistakes()[:MISTAKES]]
    report.write(
        path,
        outcomes[0].part.config.model.name,
        result["protocol"],
        report.tiles(_tiles(result)),
        report.pair(
            section(
                "What was taken for what",
                _confusion(judged),
                soft="Rows: what it was. Columns: what it was taken for. Test clips.",
            ),
            section("Classes", _classes(result["classes"])),
            section("ROC, each class against the rest", plots.roc_curves(curves)),
            section(
                "Does confidence mean something?", plots.reliability(before, after)
            ),
            section("Learning curves", plots.learning_curves(histories)),
            section("The model", _facts(result, outcomes[0]), runs),
        ),
        section(
            "The worst mistakes",
            f'<div class="wrong">{"".join(wrong)}</div>',
            soft=f"{result['mistakes']} of {result['clips']} clips were taken for "
            "something else; the most confident first.",
        ),
    )


def _tiles(result: dict) -> list[tuple[str, str]]:
    low, high = result["accuracy_95"]
    spread = f"95 %: {percent(low)} to {percent(high)}"
    if len(result["runs"]) > 1:
        spread = f"± {percent(result['accuracy_spread'])} over the runs"
    classes = list(result["classes"].values())
    return [
        (percent(result["accuracy"]), f"accuracy; {spread}"),
        (f"{result['mistakes']} / {result['clips']}", "clips taken for another"),
        (f"{np.mean([c['auc'] for c in classes]):.3f}", "mean area under the ROC"),
        (percent(min(c["recall"] for c in classes)), "recall of the weakest class"),
        (
            f"{result['calibration_error']:.3f}",
            f"calibration error; before {result['calibration_error_before']:.3f}",
        ),
    ]


def _confusion(judged: Verdict) -> str:
    table = metrics.confusion(judged.classes, judged.found, len(judged.labels))
    head = "".join(f"<th>{text(label)}" for label in judged.labels)
    rows = []
    for k, label in enumerate(judged.labels):
        total = max(1, table[k].sum())
        cells = "".join(
            _cell(n, n / total, k == j) for j, n in enumerate(table[k].tolist())
        )
        rows.append(f"<tr><th>{text(label)}{cells}</tr>")
    return (
        f"<table class=grid><thead><tr><th>{head}</tr></thead>{''.join(rows)}</table>"
    )


def _cell(count: int, share: float, right: bool) -> str:
    if not count:
        return "<td>"
    # The root makes a single mistake visible beside hundreds of hits.
    colour = f"rgba(var(--{'blue' if right else 'orange'}),{share**0.5 * 0.85:.2f})"
    return f'<td style="background:{colour}">{count}'


def _classes(classes: dict) -> str:
    rows = (
        [
            text(name),
            bar(c["precision"]),
            bar(c["recall"]),
            f"{c['f1']:.3f}",
            f"{c['auc']:.3f}",
            f"{c['threshold']:.2f}",
            str(c["clips"]),
        ]
        for name, c in classes.items()
    )
    return report.table(CLASSES, rows, "bars")


def _facts(result: dict, outcome: Outcome) -> str:
    config, facts = outcome.part.config, outcome.trained.facts
    seconds = config.data.frames / config.data.sample_rate
    model, front = config.model, config.front
    rows = {
        "hears": f"{seconds:g} s at {config.data.sample_rate} Hz, mono",
        "feature": f"{front.kind} of {front.bands} mel bands, window {front.window}, "
        f"hop {front.hop} frames",
        "network": f"{model.kind}, {facts['parameters']:,} parameters",
        "trained on": f"{facts['clips']} clips of {facts['groups']} speakers or "
        f"sources, {facts['minutes']:.0f} minutes, {facts['step']} steps",
        "licences of the sounds": facts["licences"],
        "licence of the model": model.licence or "none given",
        "temperature": ", ".join(f"{r['temperature']:.2f}" for r in result["runs"])
        + f"; chosen on: {result['runs'][0]['chosen_on']}",
        "not readable": str(len(outcome.data.clips.problems)),
    }
    return report.definitions(rows)


def _runs(runs: list[dict]) -> str:
    rows = (
        [str(r["run"]), text(r["held_out"]), bar(r["accuracy"]), str(r["clips"])]
        for r in runs
    )
    return report.table(("run", "held out", "accuracy", "clips"), rows)


def _mistake(outcomes: list[Outcome], judged: Verdict, i: int) -> str:
    outcome, row = outcomes[judged.run[i]], judged.row[i]
    entry = outcome.data.manifest.entries[row]
    rate = outcome.part.config.data.sample_rate
    clip = np.asarray(outcome.data.clips.audio[0][row])[: round(MAX_SECONDS * rate)]
    picture = plots.spectrogram(clip.astype(np.float32) / INT16)
    truth, found = judged.classes[i], judged.found[i]
    return (
        f"<figure>{report.image(picture, 'spectrogram')}{report.sound(clip, rate)}"
        f"<figcaption><b>{text(judged.labels[truth])}</b> "
        f"({percent(judged.scores[i, truth])}) taken for "
        f"<b>{text(judged.labels[found])}</b> "
        f"({percent(judged.scores[i, found])})<br>"
        f'<span class="soft">{text(entry.path)}</span></figcaption></figure>'
    )
