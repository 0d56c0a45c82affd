"""Drawings of the report that stand inside the page."""

from __future__ import annotations

import io
import itertools

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from training.run.sheet import FLOOR_DB, spectrogram_db

INK, GRID = "#55606e", "#d5dae0"  # Readable on light and on dark paper.
BLUE, ORANGE = "#3b7dd8", "#e07b39"
COLOURS = [colormaps["tab20"](i % 20) for i in range(20)]
SIZE = (5.2, 4.0)
BAND_ROWS, COLUMNS = 96, 240  # of a spectrogram's picture


def learning_curves(histories: list[list[dict]]) -> str:
    """Loss and accuracy over epochs, a line for each run."""
    figure, (above, below) = _figure(2)
    for history in histories:
        epochs = [p["epoch"] for p in history]
        thin = {"linewidth": 1.2, "alpha": 0.9 if len(histories) == 1 else 0.5}
        for axes, name in ((above, "loss"), (below, "accuracy")):
            axes.plot(epochs, [p[name] for p in history], color=BLUE, **thin)
            valid = [(p["epoch"], p[f"valid_{name}"]) for p in history if _valid(p)]
            if valid:
                axes.plot(*zip(*valid, strict=True), color=ORANGE, **thin)
    above.set(ylabel="loss (nats)")
    below.set(ylabel="accuracy", xlabel="epoch", ylim=(0, 1))
    entries = [(BLUE, "training, augmented")]
    if any(_valid(p) for history in histories for p in history):
        entries.append((ORANGE, "valid, as recorded"))
    _legend(above, *entries)
    return _svg(figure)


def reliability(before: np.ndarray, after: np.ndarray) -> str:
    """Accuracy over confidence, before and after temperature scaling, and counts."""
    figure, (above, below) = _figure(2, ratios=(3, 1))
    above.plot([0, 1], [0, 1], color=GRID, linewidth=1)
    for bins, colour in ((before, GRID), (after, BLUE)):
        used = bins[bins[:, 2] > 0]
        above.plot(used[:, 0], used[:, 1], "o-", color=colour, markersize=4)
    above.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    edges = (np.arange(len(after)) + 0.5) / len(after)
    below.bar(edges, after[:, 2], width=0.9 / len(after), color=BLUE)
    below.set(xlabel="confidence", ylabel="windows", xlim=(0, 1))
    _legend(above, (GRID, "before"), (BLUE, "after temperature scaling"))
    return _svg(figure)


def roc_curves(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> str:
    """One-versus-rest ROC of every class, the false rate on a log scale."""
    figure, (axes,) = _figure(1)
    lines = []
    for (false, true), colour in zip(
        curves.values(), itertools.cycle(COLOURS), strict=False
    ):
        axes.step(np.maximum(false, 1e-3), true, where="post", color=colour, lw=1.2)
        lines.append(axes.plot([], [], color=colour)[0])
    axes.set(xscale="log", xlim=(1e-3, 1), ylim=(0, 1.01))
    axes.set(xlabel="false positive rate", ylabel="true positive rate")
    columns = 1 if len(curves) <= 12 else 2
    # Given with their lines: names that begin with _ would be left out.
    axes.legend(
        lines, list(curves), fontsize=7, ncols=columns, frameon=False, labelcolor=INK
    )
    return _svg(figure)


def spectrogram(sound: np.ndarray) -> bytes:
    """A picture of a sound (frames,) float32 as a PNG."""
    window = 512
    sound = np.pad(sound, (0, max(0, window - len(sound))))
    hop = max(1, (len(sound) - window) // (COLUMNS - 1))
    levels = spectrogram_db(sound, window, hop)[:, :COLUMNS]
    # Low bands matter more to the ear: half of the picture is below a quarter.
    rows = (np.linspace(0, 1, BAND_ROWS) ** 2 * (len(levels) - 1)).astype(int)
    image = colormaps["magma"](1 - levels[rows][::-1] / FLOOR_DB)
    file = io.BytesIO()
    figure = Figure(figsize=(COLUMNS / 100, BAND_ROWS / 100), dpi=100)
    figure.figimage(np.asarray(image))
    figure.savefig(file, format="png")
    return file.getvalue()


def _valid(point: dict) -> bool:
    return "valid_loss" in point


def _figure(rows: int, ratios: tuple[int, ...] | None = None):
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots(rows, 1, height_ratios=ratios, squeeze=False)[:, 0]
    figure.patch.set_alpha(0)
    for each in axes:
        each.patch.set_alpha(0)
        each.grid(color=GRID, linewidth=0.5, alpha=0.6)
        each.tick_params(colors=INK, labelsize=8)
        each.xaxis.label.set_color(INK)
        each.yaxis.label.set_color(INK)
        for name, spine in each.spines.items():
            spine.set_color(GRID)
            spine.set_visible(name in ("left", "bottom"))
    return figure, axes


def _legend(axes, *entries: tuple[str, str]) -> None:
    for colour, name in entries:
        axes.plot([], [], color=colour, label=name)
    axes.legend(fontsize=8, frameon=False, labelcolor=INK)


def _svg(figure: Figure) -> str:
    FigureCanvasSVG(figure)
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return file.getvalue()[file.getvalue().index("<svg") :]
