"""A picture of a report: a histogram of every result that kept its samples."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lab.errors import BenchError
from lab.result import Result
from rtaudio_dl.files.atomic import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 110
BINS = 80
COLUMN_INCHES, ROW_INCHES, MARGIN_INCHES = 9.0, 0.6, 1.3
LABEL_PART = 0.38  # of a column's width
PAPER, PANEL, INK, FAINT = "#0e1016", "#141823", "#eef0f6", "#98a1b5"
OURS, OTHERS, MARK = "#8fd3ff", "#7d879c", "#ffb454"
# The axis is linear up to so many units and logarithmic beyond: a jitter of a few
# frames and a note that is a tenth of a second late are both to be seen.
LINEAR = 128
_MARGIN = 8  # units beyond the least and the greatest value
TICKS = (-128, 0, 128, 512, 2048, 8192)


def draw_report(path: Path, results: Sequence[Result], title: str) -> None:
    """Draw the distribution of every result that kept its samples to a PNG file.

    A column for each group; all its rows share an axis, so that they can be compared by
    eye. Raises BenchError where there is nothing to draw or nowhere to write.
    """
    check_picture(path)
    groups = _groups(results)
    if not groups:
        raise BenchError(
            "there is no histogram to draw: nothing was heard, or nothing keeps samples"
        )
    from matplotlib.figure import Figure

    rows = max(len(group) for group in groups)
    size = COLUMN_INCHES * len(groups), MARGIN_INCHES + ROW_INCHES * rows
    figure = Figure(size, facecolor=PAPER)
    figure.suptitle(title, color=INK, x=0.02, y=1 - 0.2 / size[1], ha="left", va="top")
    for column, group in enumerate(groups):
        _draw_group(figure, group, rows, column / len(groups), 1 / len(groups))
    _write(figure, path)


def _groups(results: Sequence[Result]) -> list[list[Result]]:
    kept: dict[str, list[Result]] = {}
    for result in results:
        if result.values:
            kept.setdefault(result.group, []).append(result)
    return list(kept.values())


def _draw_group(
    figure: Figure, group: Sequence[Result], rows: int, left: float, width: float
) -> None:
    """One column, whose place and size are parts of the figure."""
    height = figure.get_figheight()
    edges = _edges(group)
    for row, result in enumerate(group):
        bottom = 1 - (0.75 + ROW_INCHES * (row + 1)) / height
        place = (
            left + LABEL_PART * width,
            bottom,
            (0.97 - LABEL_PART) * width,
            0.8 * ROW_INCHES / height,
        )
        axis = figure.add_axes(place, facecolor=PANEL)
        _draw(axis, result, edges)
        axis.tick_params(labelbottom=row == len(group) - 1)
    axis.set_xlabel(f"{group[-1].group}, {group[-1].unit}", color=FAINT, fontsize=9)


def _edges(group: Sequence[Result]) -> np.ndarray:
    """Edges of the bins, of one width on the axis."""
    values = np.concatenate([result.values for result in group])
    ends = np.array([values.min() - _MARGIN, values.max() + _MARGIN])
    return LINEAR * np.sinh(np.linspace(*np.arcsinh(ends / LINEAR), BINS + 1))


def _draw(axis: Axes, result: Result, edges: np.ndarray) -> None:
    ours = result.what.startswith("ours")
    axis.hist(result.values, edges, color=OURS if ours else OTHERS)
    axis.axvline(result.figures["p99"], color=MARK, linewidth=1)
    axis.set_xscale("asinh", linear_width=LINEAR)
    axis.set_xticks([tick for tick in TICKS if edges[0] <= tick <= edges[-1]])
    axis.xaxis.set_major_formatter(lambda value, _place: f"{value:g}")
    axis.minorticks_off()
    axis.set_xlim(edges[0], edges[-1])
    axis.set_yticks([])
    axis.tick_params(colors=FAINT, labelsize=8)
    p50, p99 = (result.figures[name] for name in ("p50", "p99"))
    label = f"{result.what}\np50 {p50:g}, p99 {p99:g}, n {result.samples}"
    axis.set_ylabel(
        label, rotation=0, ha="right", va="center", color=INK, fontsize=8, labelpad=8
    )


def check_picture(path: Path) -> None:
    """Refuse a path that is no PNG's."""
    if path.suffix.lower() != ".png":
        raise BenchError(f"{path}: pictures end in .png; give it that ending")


def _write(figure, path: Path) -> None:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DPI, facecolor=figure.get_facecolor())
    try:
        write_whole(path, picture.getvalue())
    except OSError as error:
        raise BenchError(f"{path} cannot be written: {error.strerror}") from None
