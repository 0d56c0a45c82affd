"""A picture of a render: waveform, notes on a grid, spectrogram, on one time axis.

Only colour maps that stay readable with every kind of colour vision are used; which
sound a note has shows in its row, how hard it was in its size and brightness.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtaudio_dl.views.pictures.panels import draw_spectrum, draw_wave
from rtaudio_dl.views.pictures.style import INK, PAPER, draw_words, panels, write
from rtaudio_dl.views.spectrum import COLUMNS, envelope, log_spectrogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Note = tuple[float, int, float, str]  # seconds, key 0..127, velocity 0..1, label

MAX_ROW_LABELS = 24
MAX_ONSET_LABELS = 24  # more would run into each other; the grid has them all
WAVE_INCHES, SPECTRUM_INCHES, ROW_INCHES = 1.7, 3.6, 0.225
VELOCITY_MAP = "plasma"
VELOCITY_SPAN = (0.25, 0.95)  # of the colour map: its dark end would drown


def draw_render(
    path: str | os.PathLike[str],
    audio: np.ndarray,
    sample_rate: int,
    notes: Sequence[Note] = (),
    title: str = "",
) -> None:
    """Draw audio (frames, channels) and its notes to a PNG file.

    Each note is (seconds, key, velocity 0..1, label); notes of one label share a row.
    Raises ValueError for audio of another shape or without a frame.
    """
    audio = np.asarray(audio)
    if audio.ndim != 2 or not audio.size:
        raise ValueError(
            f"audio has shape {audio.shape}; allowed: (frames, channels), not empty"
        )
    audio = np.nan_to_num(audio.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    seconds = len(audio) / sample_rate
    notes = [note for note in notes if 0 <= note[0] <= seconds]
    rows = note_rows(notes)
    inches = {"wave": WAVE_INCHES}
    if rows:
        inches["notes"] = ROW_INCHES * max(min(len(rows), MAX_ROW_LABELS), 2)
    figure, axes = panels(inches | {"spectrum": SPECTRUM_INCHES}, seconds)
    low, high, rms = envelope(audio, COLUMNS)
    reach = max(abs(float(low.min())), float(high.max()), 1e-3)
    draw_wave(axes["wave"], low, high, rms, reach)
    if rows:
        _draw_notes(axes["notes"], notes, rows)
    draw_spectrum(axes["spectrum"], *log_spectrogram(audio.mean(axis=1), sample_rate))
    _draw_onsets(axes["spectrum"], notes)
    draw_words(figure, title, _facts(audio, sample_rate, len(notes)))
    write(figure, Path(path))


def note_rows(notes: Sequence[Note]) -> dict[str, int]:
    """The row of each label, 0 at the bottom, in the order of the labels' mean key."""
    keys: dict[str, list[int]] = {}
    for _, key, _, label in notes:
        keys.setdefault(label, []).append(key)
    by_key = sorted(keys, key=lambda label: (np.mean(keys[label]), label))
    return {label: row for row, label in enumerate(by_key)}


def _draw_notes(axes: Axes, notes: Sequence[Note], rows: dict[str, int]) -> None:
    """One row for each label; a dot at each onset, larger and brighter when harder."""
    from matplotlib import colormaps

    velocity = np.clip([note[2] for note in notes], 0, 1)
    first, last = VELOCITY_SPAN
    axes.scatter(
        [note[0] for note in notes],
        [rows[note[3]] for note in notes],
        s=6 + 74 * velocity**2,
        c=colormaps[VELOCITY_MAP](first + (last - first) * velocity),
        linewidths=0,
        zorder=3,
        clip_on=False,  # a dot at 0 s is whole
    )
    for row in range(0, len(rows), 2):
        axes.axhspan(row - 0.5, row + 0.5, color="#ffffff", alpha=0.03, linewidth=0)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    step = -(-len(rows) // MAX_ROW_LABELS)
    axes.set_yticks(list(rows.values())[::step], list(rows)[::step], color=INK)


def _draw_onsets(axes: Axes, notes: Sequence[Note]) -> None:
    """A tick at the top for each note; with few notes its label and key as well."""
    _, top = axes.get_ylim()
    onsets = [note[0] for note in notes]
    axes.vlines(onsets, 0.965 * top, top, color=INK, linewidth=0.9, alpha=0.9)
    if len(notes) > MAX_ONSET_LABELS:
        return
    from matplotlib.patheffects import withStroke

    outline = [withStroke(linewidth=2.5, foreground=PAPER, alpha=0.8)]
    axes.vlines(onsets, 0, top, color=INK, linewidth=0.6, alpha=0.35)
    for seconds, key, _, label in notes:
        axes.annotate(
            f"{label} {key}",
            (seconds, 0.95 * top),
            xytext=(3, 0),
            textcoords="offset points",
            rotation=90,
            va="top",
            color=INK,
            fontsize=8,
            clip_on=True,
            path_effects=outline,
        )


def _facts(audio: np.ndarray, sample_rate: int, notes: int) -> str:
    peak = float(np.abs(audio).max())
    level = f"peak {20 * np.log10(peak):+.1f} dBFS" if peak > 0 else "silent"
    facts = [f"{len(audio) / sample_rate:.1f} s", f"{sample_rate / 1000:g} kHz", level]
    facts = [f"{notes} notes", *facts] if notes else facts
    return "   ·   ".join(facts).replace("-", "\N{MINUS SIGN}")
