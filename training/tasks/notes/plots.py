"""Pictures of an evaluation: the map of timbres, tuning, learning, pairs of sounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.data.nsynth import FAMILIES
from training.run.files import write_atomically
from training.run.sheet import FLOOR_DB, spectrogram_db

DPI = 110
CENTS_SHOWN = 20.0


def timbre_map(
    path: Path, found: dict[str, dict], extra: dict[str, list[float]] | None = None
) -> None:
    """Every timbre at its place, coloured by family; ``extra`` places are marked."""
    figure, axes = _figure(11, 8)
    colours = _colours()
    for name, entry in found.items():
        x, y = entry["xy"]
        colour = colours[FAMILIES.index(entry["family"])]
        axes.plot(x, y, "o", color=colour, markersize=5)
        axes.annotate(
            name, (x, y), xytext=(3, 3), textcoords="offset points", fontsize=6
        )
    for name, (x, y) in (extra or {}).items():
        axes.plot(x, y, "k*", markersize=14)
        axes.annotate(
            name, (x, y), xytext=(6, 6), textcoords="offset points", weight="bold"
        )
    for family, colour in zip(FAMILIES, colours, strict=True):
        axes.plot([], [], "o", color=colour, label=family)
    axes.legend(fontsize=7, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.02))
    axes.set(xticks=[], yticks=[], title="Timbres, by their two principal directions")
    _save(figure, path)


def tuning(path: Path, pitch: dict) -> None:
    """Error of every key of every instrument, in cents."""
    figure, axes = _figure(11, 3.5)
    for errors in pitch["errors"].values():
        shown = np.clip(errors, -CENTS_SHOWN, CENTS_SHOWN)
        axes.plot(pitch["keys"], shown, ".", markersize=3, alpha=0.6)
    axes.axhspan(-5, 5, color="green", alpha=0.08)
    axes.set(
        xlabel="key",
        ylabel="cents",
        ylim=(-CENTS_SHOWN * 1.05, CENTS_SHOWN * 1.05),
        title=f"{100 * pitch['in_tune']:.1f} % within 5 cents "
        f"(outliers are drawn at {CENTS_SHOWN:.0f})",
    )
    _save(figure, path)


def learning(path: Path, history: list[dict[str, float]]) -> None:
    """Mean difference of partials in dB against steps, for each split."""
    figure, axes = _figure(7, 3.5)
    names = {"train": "train", "valid": "other keys", "test": "other instruments"}
    for split, label in names.items():
        key = f"{split}_partials"
        points = [(p["step"], p[key]) for p in history if key in p]
        if points:
            axes.plot(*zip(*points, strict=True), label=label)
    axes.set(xlabel="step", ylabel="dB", title="Partials: mean difference")
    if history:
        axes.legend()
    _save(figure, path)


def pairs(path: Path, rows: list[tuple[str, np.ndarray, np.ndarray]]) -> None:
    """Spectrograms of (label, real, decoded), one pair under another."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 1.5 * len(rows)))
    grid = figure.subplots(len(rows), 2, squeeze=False)
    for axes, (label, real, decoded) in zip(grid, rows, strict=True):
        for ax, sound, kind in zip(
            axes, (real, decoded), ("real", "decoded"), strict=True
        ):
            ax.imshow(
                spectrogram_db(sound, 1024, 256),
                origin="lower",
                aspect="auto",
                vmin=FLOOR_DB,
                vmax=0,
            )
            ax.set(xticks=[], yticks=[])
            ax.set_title(f"{label}: {kind}", fontsize=7, pad=2)
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.98, hspace=0.25, wspace=0.03)
    _save(figure, path, tight=False)


def _colours() -> list:
    from matplotlib import colormaps

    return [colormaps["tab20"](i / len(FAMILIES)) for i in range(len(FAMILIES))]


def _figure(width: float, height: float):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def _save(figure, path: Path, tight: bool = True) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    box = "tight" if tight else None
    write_atomically(
        path,
        lambda file: figure.savefig(file, format="png", dpi=DPI, bbox_inches=box),
    )
