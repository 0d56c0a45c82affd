"""The map of a model's timbres, and where new ones lie on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rtaudio_dl.models.timbre import Timbre
from rtaudio_dl.views.pictures.style import (
    DPI,
    FAINT,
    GRID,
    INK,
    PANEL,
    PAPER,
    WARM,
    draw_words,
    write,
)

SIZE_INCHES = (13.0, 9.0)
BOX = (0.04, 0.08, 0.92, 0.82)  # of the map in the figure
MARGIN = 0.04


def draw_timbres(
    path: Path, timbres: Mapping[str, Timbre], own: Mapping[str, Timbre], title: str
) -> None:
    """Draw timbres by family, and a user's ``own`` as stars, to a PNG file."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(SIZE_INCHES, dpi=DPI, facecolor=PAPER)
    axes = figure.add_axes(BOX, facecolor=PANEL)
    for side in axes.spines.values():
        side.set_color(GRID)
    families = sorted({t.family for t in timbres.values()})
    colours = {f: colormaps["tab20"](i % 20) for i, f in enumerate(families)}
    for name, timbre in timbres.items():
        if timbre.xy is not None:
            axes.plot(*timbre.xy, "o", color=colours[timbre.family], markersize=6)
            _name(axes, name, timbre.xy, FAINT, 7)
    for name, timbre in own.items():
        if timbre.xy is not None:
            axes.plot(*timbre.xy, "*", color=WARM, markersize=20)
            _name(axes, name, timbre.xy, INK, 11)
    for family in families:
        axes.plot([], [], "o", color=colours[family], label=family or "other")
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=max(1, len(families)),
        frameon=False,
        labelcolor=FAINT,
        fontsize=8,
        handletextpad=0.1,
        columnspacing=1.2,
    )
    axes.set(xlim=(-MARGIN, 1 + MARGIN), ylim=(-MARGIN, 1 + MARGIN))
    axes.set(xticks=[], yticks=[])
    draw_words(figure, title, f"{len(timbres)} timbres")
    write(figure, path)


def _name(axes, name: str, place: tuple[float, float], colour: str, size: int) -> None:
    axes.annotate(
        name.replace("$", r"\$"),
        place,
        xytext=(5, 4),
        textcoords="offset points",
        color=colour,
        fontsize=size,
    )
