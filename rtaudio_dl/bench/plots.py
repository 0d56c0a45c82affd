"""A picture of a report: a histogram per latency, and the callback's cost."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtaudio_dl.bench.errors import BenchError
from rtaudio_dl.bench.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 110
BINS = 96
WIDTH_INCHES, ROW_INCHES, MARGIN_INCHES = 11.0, 0.62, 1.2
PAPER, PANEL, INK, FAINT = "#0e1016", "#141823", "#eef0f6", "#98a1b5"
BAR, MARK = "#8fd3ff", "#ffb454"


def draw_report(path: Path, results: Sequence[Result], title: str) -> None:
    """Draw the distribution of every result that kept its samples to a PNG file.

    All results of one unit share an axis, so that they can be compared by eye. Raises
    BenchError where there is nothing to draw or nowhere to write.
    """
    kept = [result for result in results if result.values]
    if not kept:
        raise BenchError(
            "there is no histogram to draw: nothing was heard, or nothing keeps samples"
        )
    check_picture(path)
    from matplotlib.figure import Figure

    height = MARGIN_INCHES + ROW_INCHES * len(kept)
    figure = Figure((WIDTH_INCHES, height), facecolor=PAPER)
    axes = figure.subplots(len(kept), 1, squeeze=False)[:, 0]
    ranges = {unit: _range(kept, unit) for unit in {result.unit for result in kept}}
    for axis, result in zip(axes, kept, strict=True):
        _draw(axis, result, ranges[result.unit])
    for axis, result, below in zip(axes, kept, kept[1:], strict=False):
        axis.tick_params(labelbottom=result.unit != below.unit)
    axes[-1].set_xlabel(kept[-1].unit, color=FAINT)
    figure.suptitle(title, color=INK, x=0.02, ha="left", fontsize=11)
    top = 1 - 0.55 / height
    figure.subplots_adjust(left=0.36, right=0.98, top=top, bottom=0.6 / height)
    _write(figure, path)


def check_picture(path: Path) -> None:
    """Refuse a path that is no PNG's."""
    if path.suffix.lower() != ".png":
        raise BenchError(f"{path}: pictures end in .png; give it that ending")


def _range(results: Sequence[Result], unit: str) -> tuple[float, float]:
    values = np.concatenate([r.values for r in results if r.unit == unit])
    margin = max(1.0, 0.02 * np.ptp(values))
    return float(values.min() - margin), float(values.max() + margin)


def _draw(axis: Axes, result: Result, limits: tuple[float, float]) -> None:
    axis.set_facecolor(PANEL)
    axis.hist(result.values, BINS, range=limits, color=BAR)
    axis.axvline(result.figures["p99"], color=MARK, linewidth=1)
    axis.set_xlim(limits)
    axis.set_yticks([])
    axis.tick_params(colors=FAINT, labelsize=8)
    p50, p99 = (result.figures[name] for name in ("p50", "p99"))
    label = f"{result.name}\np50 {p50:g}, p99 {p99:g}, n {result.samples}"
    axis.set_ylabel(
        label, rotation=0, ha="right", va="center", color=INK, fontsize=8, labelpad=8
    )


def _write(figure, path: Path) -> None:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DPI, facecolor=figure.get_facecolor())
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(picture.getvalue())
        os.replace(part, path)
    except OSError as error:
        raise BenchError(f"{path} cannot be written: {error.strerror}") from None
