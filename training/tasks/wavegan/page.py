"""The evaluation as one HTML page with pictures and sounds."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np

from training.run import sheet
from training.run.files import write_atomically

SHOWN = 8  # sounds per class

PAGE = """<!doctype html><meta charset="utf-8"><title>Evaluation</title>
<style>body{{font:14px sans-serif;max-width:70em;margin:2em auto}}
td,th{{padding:.2em .8em;text-align:right}}td:first-child{{text-align:left}}
.missed{{color:#b00}}</style>
<h1>Evaluation at step {step}</h1>
<p>{held_out} real sounds of held-out kits; {seeds} seeds; mean (lowest to highest).
“Real” is the training sounds against the held-out ones, or the held-out sounds
themselves where a single set is scored; “noise” is white noise.</p>
<table><tr><th><th>generated<th>real<th>noise<th>target</tr>{figures}</table>
<h2>Classes</h2>
<table><tr><th>class<th>recognised<th>real held-out<th>(sounds)<th>attack ms<th>tail dB
<th>first<th>DC<th>line dB<th>listen</tr>{classes}</table>
<img src="sheet.png" style="max-width:100%">
"""


def write(
    folder: Path, result: dict, audio: np.ndarray, names: list[str], rate: int
) -> None:
    """Write ``report.html``, a sheet and a wav per class; see `evaluate`."""
    kept = [i for i, name in enumerate(names) if names[:i].count(name) < SHOWN]
    some, some_names = audio[kept], [names[i] for i in kept]
    sheet.write_sounds(folder, some, some_names, rate)
    sheet.write_sheet(folder / "sheet.png", some, some_names, rate, SHOWN)
    page = PAGE.format(
        step=result["step"],
        held_out=result["held_out_sounds"],
        seeds=result["seeds"],
        figures="".join(
            _figure(name, parts, result["targets"].get(name))
            for name, parts in result["figures"].items()
        ),
        classes="".join(_class(name, row) for name, row in result["classes"].items()),
    )
    write_atomically(folder / "report.html", lambda file: file.write(page.encode()))


def _figure(name: str, parts: dict, target: dict | None) -> str:
    cells = "".join(
        f"<td>{p['mean']:.3g} ({p['low']:.3g} to {p['high']:.3g})"
        for p in (parts["generated"], parts["real"], parts["noise"])
    )
    verdict = ""
    if target:
        word = "met" if target["met"] else "missed"
        verdict = f"<span class={word}>{html.escape(target['target'])}: {word}</span>"
    return f"<tr><td>{html.escape(name)}{cells}<td>{verdict}</tr>"


def _class(name: str, row: dict) -> str:
    found = row["checks"]
    shown = html.escape(name)
    wrong = html.escape("; ".join(row["failures"]))
    cells = [
        *(_percent(row["recognised"][part]) for part in ("generated", "real")),
        str(row["held_out"]),
        f"{found['attack_ms']:.1f}",
        f"{found['tail_db']:.0f}",
        f"{found['first_sample']:.4f}",
        f"{found['dc']:.5f}",
        f"{found['line_db']:.1f}",
        f'<audio controls src="{shown}.wav"></audio>',
    ]
    line = "".join(f"<td>{cell}" for cell in cells)
    return f"<tr><td>{shown}{line}<td class=missed>{wrong}</tr>"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
