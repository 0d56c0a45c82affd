"""The evaluation of notes as one page, pictures and sounds inside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.run import report
from training.run.report import percent, section, text, verdict
from training.tasks.notes import plots
from training.tasks.notes.evaluate import MADE, Set
from training.tasks.notes.features import Notes
from training.tasks.notes.form import RATE
from training.tasks.notes.tuning import IN_TUNE_CENTS

PAIRS = 10  # of each set
COLUMNS = (*MADE, "real")
TITLES = {"seen": "other keys", "unseen": "other instruments"}
FIGURES = {
    "spectral": "multi-scale spectral distance",
    "frechet": "Fréchet distance",
    "family": "family recognised",
}


def write(folder: Path, result: dict, sets: dict[str, Set], notes: Notes) -> Path:
    """Write ``report.html`` into ``folder``, and the pictures beside it."""
    chosen = _chosen(sets, notes)
    plots.pairs(folder / "pairs.png", chosen)
    plots.tuning(folder / "tuning.png", result["pitch"])
    plots.learning(folder / "learning.png", result["history"])
    plots.timbre_map(folder / "map.png", result["timbres"])
    shares = result["speed"]["share_of_a_core"]
    voices = [["share of a core", *(percent(s) for s in shares.values())]]
    pairs = (
        [text(label), report.sound(real, RATE), report.sound(decoded, RATE)]
        for label, real, decoded in chosen
    )
    return report.write(
        folder / "report.html",
        f"Notes at step {result['step']}",
        f"{result['minutes_of_training']:.0f} minutes of training.",
        section("Reconstruction", _reconstruction(result), soft=_WHAT),
        section("Pitch", _pitch(result["pitch"]), _image(folder / "tuning.png")),
        section("Morphing", soft=_morphing(result["morphs"])),
        section("Voices", report.table(("voices", *shares), voices)),
        section("Learning", _image(folder / "learning.png")),
        section("Map of timbres", _image(folder / "map.png")),
        section(
            "Pairs to listen to",
            report.table(("", "real", "decoded"), pairs),
            _image(folder / "pairs.png"),
        ),
    )


_WHAT = (
    "“Other keys” are keys of trained instruments that training never saw; “other "
    "instruments” share no sample with a trained one. “Nearest” is the most similar "
    "training note, “other” a training note of the same key. “Decoded” is made of the "
    "note itself, “played” of its instrument's mean timbre."
)


def _chosen(
    sets: dict[str, Set], notes: Notes
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Some notes of each set: what they are, as recorded, as decoded."""
    return [
        (
            f"{notes.notes[row].name}, key {notes.notes[row].pitch}, "
            f"velocity {notes.notes[row].velocity} ({TITLES[name]})",
            s.real[i],
            s.decoded[i],
        )
        for name, s in sets.items()
        for i, row in _spread(s.rows)
    ]


def _spread(rows: np.ndarray) -> list[tuple[int, int]]:
    """A few places in a set, and their row numbers."""
    places = np.unique(np.linspace(0, len(rows) - 1, PAIRS).astype(int))
    return [(int(i), int(rows[i])) for i in places]


def _reconstruction(result: dict) -> str:
    rows = []
    for name, part in result["reconstruction"].items():
        title, wanted = TITLES[name], part["target"]
        for key, label in FIGURES.items():
            found = [part[key].get(k) for k in COLUMNS]
            cells = ["" if f is None else f"{f:.3g}" for f in found]
            rows.append([f"{title}: {label}", *cells])
        for made in ("decoded", "played"):
            ratio = part[f"family_ratio_{made}"]
            word = verdict(f"{wanted:.2f} wanted", ratio >= wanted)
            rows.append([f"{title}: family, {made} over real", f"{ratio:.2f}", word])
    return report.table(("", *COLUMNS), rows)


def _pitch(pitch: dict) -> str:
    met = verdict(
        f"{percent(pitch['target'])} wanted", pitch["in_tune"] >= pitch["target"]
    )
    return (
        f"<p>{percent(pitch['in_tune'])} of {pitch['asked']} keys within "
        f"{IN_TUNE_CENTS:.0f} cents ({met}), median {pitch['median_cents']:.2f} cents. "
        "Asked about instruments whose recordings the tracker itself finds on their "
        f"keys ({pitch['instruments_on_their_keys']} of {pitch['instruments']}), at "
        "keys where it does.</p>"
    )


def _morphing(morphs: dict) -> str:
    return (
        f"{morphs['ways']} ways of {morphs['steps']} steps: detour "
        f"{morphs['detour']:.2f} (1 is a straight line), largest step "
        f"{morphs['largest_step']:.2f} times the mean, {100 * morphs['order']:.0f} % "
        "of steps in the right order."
    )


def _image(path: Path) -> str:
    return f"<p>{report.image(path, path.stem)}</p>"
