"""A generator's evaluation as one page, with a sheet and a wav per class beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.run import report, sheet
from training.run.report import percent, section, text, verdict

SHOWN = 8  # sounds per class
PARTS = ("generated", "real", "noise")
CLASSES = ("class", "recognised", "real held-out", "(sounds)", "attack ms", "tail dB")
CHECKS = ("first", "DC", "line dB", "listen", "")


def write(
    folder: Path, result: dict, audio: np.ndarray, names: list[str], rate: int
) -> None:
    """Write ``report.html``, a sheet and a wav per class; see `evaluate`."""
    kept = [i for i, name in enumerate(names) if names[:i].count(name) < SHOWN]
    some, some_names = audio[kept], [names[i] for i in kept]
    sheet.write_sounds(folder, some, some_names, rate)
    sheet.write_sheet(folder / "sheet.png", some, some_names, rate, SHOWN)
    figures = [
        _figure(name, parts, result["targets"].get(name))
        for name, parts in result["figures"].items()
    ]
    classes = [
        _class(name, row, some[some_names.index(name)], rate)
        for name, row in result["classes"].items()
    ]
    report.write(
        folder / "report.html",
        f"Generator at step {result['step']}",
        f"{result['held_out_sounds']} real sounds of held-out kits; {result['seeds']} "
        "seeds; mean (lowest to highest).",
        section(
            "Figures",
            report.table(("", *PARTS, "target"), figures),
            soft="“Real” is the training sounds against the held-out ones, or the "
            "held-out sounds themselves where a single set is scored; “noise” is white "
            "noise.",
        ),
        section("Classes", report.table((*CLASSES, *CHECKS), classes)),
        section("Sounds", report.image(folder / "sheet.png", "spectrograms")),
    )


def _figure(name: str, parts: dict, target: dict | None) -> list[str]:
    shown = [parts[part] for part in PARTS]
    cells = [f"{p['mean']:.3g} ({p['low']:.3g} to {p['high']:.3g})" for p in shown]
    last = verdict(target["target"], target["met"]) if target else ""
    return [text(name), *cells, last]


def _class(name: str, row: dict, sound: np.ndarray, rate: int) -> list[str]:
    found = row["checks"]
    return [
        text(name),
        *(percent(row["recognised"][part]) for part in ("generated", "real")),
        str(row["held_out"]),
        f"{found['attack_ms']:.1f}",
        f"{found['tail_db']:.0f}",
        f"{found['first_sample']:.4f}",
        f"{found['dc']:.5f}",
        f"{found['line_db']:.1f}",
        report.sound(sound, rate),
        f"<span class=missed>{text('; '.join(row['failures']))}</span>",
    ]
