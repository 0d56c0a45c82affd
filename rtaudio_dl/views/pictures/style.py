"""How pictures look: colours, panels on one time axis, words, and the file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rtaudio_dl.files.atomic import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_INCHES, LEFT_INCHES, RIGHT_INCHES = 14.0, 1.45, 0.95
TOP_INCHES, BOTTOM_INCHES, GAP_INCHES = 0.85, 0.45, 0.14
DPI = 110
_CLOCK_STEPS = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400)  # s
_MOST_TICKS = 12

PAPER, PANEL, GRID = "#0e1016", "#141823", "#262c3b"
INK, FAINT = "#eef0f6", "#98a1b5"
WAVE, WAVE_CORE = "#2f7fb5", "#8fd3ff"
WARM = "#ffb454"


def panels(
    inches: Mapping[str, float], seconds: float
) -> tuple[Figure, dict[str, Axes]]:
    """An empty dark figure, and panels of these heights from top to bottom.

    They share one time axis, which the last one shows.
    """
    from matplotlib.figure import Figure

    height = sum(inches.values()) + GAP_INCHES * (len(inches) - 1)
    height += TOP_INCHES + BOTTOM_INCHES
    figure = Figure((WIDTH_INCHES, height), dpi=DPI, facecolor=PAPER)
    width = (WIDTH_INCHES - LEFT_INCHES - RIGHT_INCHES) / WIDTH_INCHES
    top, axes, last = height - TOP_INCHES, {}, list(inches)[-1]
    for name, tall in inches.items():
        box = (LEFT_INCHES / WIDTH_INCHES, (top - tall) / height, width, tall / height)
        axes[name] = figure.add_axes(box, facecolor=PANEL)
        _style(axes[name], seconds, last=name == last)
        top -= tall + GAP_INCHES
    return figure, axes


def _style(axes: Axes, seconds: float, last: bool) -> None:
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(colors=FAINT, labelsize=9, length=0, pad=7, labelbottom=last)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlim(0, seconds)
    if seconds < 60:
        axes.xaxis.set_major_formatter("{x:g} s")
        return
    step = next((s for s in _CLOCK_STEPS if seconds / s <= _MOST_TICKS), seconds)
    axes.set_xticks([step * n for n in range(int(seconds / step) + 1)])
    axes.xaxis.set_major_formatter(clock)


def clock(seconds: float, _place: int = 0) -> str:
    """A time as minutes and seconds, hours where there are some."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}"


def draw_words(figure: Figure, title: str, facts: str) -> None:
    """Title and facts above the panels."""
    left, right = LEFT_INCHES / WIDTH_INCHES, 1 - RIGHT_INCHES / WIDTH_INCHES
    y = 1 - 0.52 * TOP_INCHES / figure.get_figheight()
    plain = title.replace("$", r"\$")  # a file's name is no formula
    figure.text(left, y, plain, color=INK, fontsize=17, weight="bold", va="center")
    figure.text(right, y, facts, color=FAINT, fontsize=10, va="center", ha="right")


def write(figure: Figure, path: Path) -> None:
    """Write the PNG beside its place first, so that a reader never sees half of it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor=figure.get_facecolor())
    write_whole(path, buffer.getvalue())
