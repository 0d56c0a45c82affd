"""What a classifier hears over time: a row for each class, its events upon it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtaudio_dl.views.detections import Hearing
from rtaudio_dl.views.pictures.panels import draw_note, draw_scale
from rtaudio_dl.views.pictures.style import FAINT, INK, PANEL, WARM

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_CLASSES = 16  # rows; of more classes those with the highest scores
SCORE_MAP = "viridis"
_MAX_NAMED = 40  # events; the names of more would run into each other
_NAME_PART = 0.08  # of the time axis, that a name takes
_ROW_HEIGHT = 0.8
_FAINTEST = 0.02  # score that is shown


def draw_hearing(axes: Axes, hearing: Hearing) -> None:
    """Scores as colours, events as frames with their label and confidence."""
    numbers = hearing.strongest(MAX_CLASSES)
    rows = {hearing.labels[n]: row for row, n in enumerate(reversed(numbers))}
    scores = hearing.scores[numbers[::-1]]
    image = axes.imshow(
        np.ma.masked_less(scores, _FAINTEST),  # nothing heard is the panel's own colour
        extent=(0, hearing.seconds, -0.5, len(rows) - 0.5),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=SCORE_MAP,
        vmin=0,
        vmax=1,
    )
    axes.grid(False)
    draw_scale(axes, image, "{x:.1f}")
    _draw_events(axes, hearing, rows)
    for edge in np.arange(len(rows) - 1) + 0.5:
        axes.axhline(edge, color=PANEL, linewidth=2)
    axes.set_ylim(-0.5, len(rows) + 0.9)
    axes.set_yticks(list(rows.values()), list(rows), fontsize=9)
    heard = {event.label for event in hearing.events}
    for tick, label in zip(axes.get_yticklabels(), rows, strict=True):
        tick.set_color(INK if label in heard else FAINT)
    count = f"{len(hearing.events)} events" if hearing.events else "no event"
    draw_note(axes, f"{hearing.model}: scores, {count}")


def _draw_events(axes: Axes, hearing: Hearing, rows: dict[str, int]) -> None:
    from matplotlib.patches import Rectangle

    shown = [event for event in hearing.events if event.label in rows]
    for event in shown:
        corner = (event.on, rows[event.label] - _ROW_HEIGHT / 2)
        frame = Rectangle(
            *(corner, event.off - event.on, _ROW_HEIGHT),
            fill=False,
            edgecolor=WARM,
            linewidth=1.4,
            zorder=4,
        )
        axes.add_patch(frame)
    for event in shown if len(shown) <= _MAX_NAMED else ():
        late = event.on > (1 - _NAME_PART) * hearing.seconds
        room = _NAME_PART * hearing.seconds
        beside = (event.on - room, event.on) if late else (event.off, event.off + room)
        same = [other for other in shown if other.label == event.label]
        if any(o.on < beside[1] and o.off > beside[0] for o in same if o is not event):
            continue
        axes.annotate(
            f"{event.label} {event.confidence:.2f}",
            (event.on if late else event.off, rows[event.label]),
            xytext=(-4 if late else 4, 0),
            textcoords="offset points",
            ha="right" if late else "left",
            va="center",
            color=INK,
            fontsize=8.5,
            zorder=5,
        )
