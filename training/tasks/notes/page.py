"""The evaluation as one HTML page, pictures and sounds inside it."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path

import numpy as np
import soundfile

from training.run.files import write_atomically
from training.tasks.notes import plots
from training.tasks.notes.evaluate import MADE, Set
from training.tasks.notes.features import Notes
from training.tasks.notes.form import RATE
from training.tasks.notes.tuning import IN_TUNE_CENTS

PAIRS = 10  # of each set
COLUMNS = (*MADE, "real")

PAGE = """<!doctype html><meta charset="utf-8"><title>Notes</title>
<style>body{{font:14px sans-serif;max-width:75em;margin:2em auto;padding:0 1em}}
td,th{{padding:.2em .8em;text-align:right}}td:first-child{{text-align:left}}
img{{max-width:100%}}audio{{height:2em;width:16em}}.missed{{color:#b00}}</style>
<h1>Notes at step {step}</h1>
<p>{minutes:.0f} minutes of training. “Other keys” are keys of trained instruments that
training never saw; “other instruments” share no sample with a trained one. “Nearest” is
the most similar training note, “other” a training note of the same key. “Decoded” is
made of the note itself, “played” of its instrument's mean timbre.</p>
<h2>Reconstruction</h2>
<table><tr><th>{columns}</tr>{reconstruction}</table>
<h2>Pitch</h2>
<p>{tuned:.1f} % of {keys} keys within {limit:.0f} cents
({target:.0f} % wanted: {verdict}), median {median:.2f} cents. Asked about instruments
whose recordings the tracker itself finds on their keys ({on_key} of {all}), at keys
where it does.</p>{tuning}
<h2>Morphing</h2>
<p>{ways} ways of {steps} steps: detour {detour:.2f} (1 is a straight line), largest
step {largest:.2f} times the mean, {order:.0f} % of steps in the right order.</p>
<h2>Voices</h2><table><tr><th>voices{voices}</tr><tr><td>share of a core{shares}</tr>
</table>
<h2>Learning</h2>{learning}
<h2>Map of timbres</h2>{map}
<h2>Pairs to listen to</h2><table>{pairs}</table>{sheet}
"""


def write(folder: Path, result: dict, sets: dict[str, Set], notes: Notes) -> Path:
    """Write ``report.html`` into ``folder``, and the pictures beside it."""
    chosen = [
        (
            f"{notes.notes[row].name}, key {notes.notes[row].pitch}, "
            f"velocity {notes.notes[row].velocity} ({_title(name)})",
            s.real[i],
            s.decoded[i],
        )
        for name, s in sets.items()
        for i, row in _spread(s.rows)
    ]
    plots.pairs(folder / "pairs.png", chosen)
    plots.tuning(folder / "tuning.png", result["pitch"])
    plots.learning(folder / "learning.png", result["history"])
    plots.timbre_map(folder / "map.png", result["timbres"])
    pitch, morphs = result["pitch"], result["morphs"]
    shares = result["speed"]["share_of_a_core"]
    met = pitch["in_tune"] >= pitch["target"]
    page = PAGE.format(
        step=result["step"],
        minutes=result["minutes_of_training"],
        columns="".join(f"<th>{name}" for name in COLUMNS),
        reconstruction="".join(
            _reconstruction(name, part)
            for name, part in result["reconstruction"].items()
        ),
        tuned=100 * pitch["in_tune"],
        keys=pitch["asked"],
        limit=IN_TUNE_CENTS,
        target=100 * pitch["target"],
        verdict="met" if met else "<span class=missed>missed</span>",
        median=pitch["median_cents"],
        on_key=pitch["instruments_on_their_keys"],
        all=pitch["instruments"],
        tuning=_image(folder / "tuning.png"),
        ways=morphs["ways"],
        steps=morphs["steps"],
        detour=morphs["detour"],
        largest=morphs["largest_step"],
        order=100 * morphs["order"],
        voices="".join(f"<th>{n}" for n in shares),
        shares="".join(f"<td>{100 * s:.1f} %" for s in shares.values()),
        learning=_image(folder / "learning.png"),
        map=_image(folder / "map.png"),
        pairs="".join(
            f"<tr><td>{html.escape(label)}<td>{_sound(real)}<td>{_sound(decoded)}</tr>"
            for label, real, decoded in chosen
        ),
        sheet=_image(folder / "pairs.png"),
    )
    path = folder / "report.html"
    write_atomically(path, lambda file: file.write(page.encode()))
    return path


def _title(name: str) -> str:
    return {"seen": "other keys", "unseen": "other instruments"}[name]


def _spread(rows: np.ndarray) -> list[tuple[int, int]]:
    """A few places in a set, and their row numbers."""
    places = np.unique(np.linspace(0, len(rows) - 1, PAIRS).astype(int))
    return [(int(i), int(rows[i])) for i in places]


def _reconstruction(name: str, part: dict) -> str:
    title = html.escape(_title(name))
    lines = []
    for key, label in (
        ("spectral", "multi-scale spectral distance"),
        ("frechet", "Fréchet distance"),
        ("family", "family recognised"),
    ):
        cells = "".join(
            f"<td>{part[key][k]:.3g}" if k in part[key] else "<td>" for k in COLUMNS
        )
        lines.append(f"<tr><td>{title}: {label}{cells}</tr>")
    wanted = part["target"]
    for name in ("decoded", "played"):
        ratio = part[f"family_ratio_{name}"]
        word = "met" if ratio >= wanted else "<span class=missed>missed</span>"
        lines.append(
            f"<tr><td>{title}: family, {name} over real<td>{ratio:.2f}"
            f"<td colspan=4>{wanted:.2f} wanted: {word}</tr>"
        )
    return "".join(lines)


def _image(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<p><img src="data:image/png;base64,{data}"></p>'


def _sound(audio: np.ndarray) -> str:
    buffer = io.BytesIO()
    peak = max(1.0, float(np.abs(audio).max()))
    soundfile.write(buffer, audio / peak, RATE, format="FLAC", subtype="PCM_16")
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<audio controls preload="none" src="data:audio/flac;base64,{data}"></audio>'
    )
