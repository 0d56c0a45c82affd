"""Panels that several kinds of pictures have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtaudio_dl.views.pictures.style import FAINT, INK, PANEL, WAVE, WAVE_CORE
from rtaudio_dl.views.spectrum import LOWEST_HZ

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

SPECTRUM_MAP = "inferno"
DYNAMIC_RANGE_DB = 80.0
_FAINTEST_DB = -40.0  # what is fainter than that altogether is not shown as if loud
_NEAREST_TICKS = 0.08  # of a panel's height
HZ_TICKS = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)


def draw_wave(
    axes: Axes, low: np.ndarray, high: np.ndarray, rms: np.ndarray, reach: float
) -> None:
    """Lowest and highest sample and RMS of each column; ``reach`` is the tallest."""
    seconds = axes.get_xlim()[1]
    time = (np.arange(len(low)) + 0.5) * seconds / len(low)
    axes.fill_between(time, low, high, color=WAVE, linewidth=0.4)
    core_low, core_high = np.maximum(-rms, low), np.minimum(rms, high)
    axes.fill_between(time, core_low, core_high, color=WAVE_CORE, linewidth=0)
    axes.axhline(0, color=PANEL, linewidth=0.5)
    axes.set_ylim(-1.08 * reach, 1.08 * reach)
    axes.set_yticks([-reach, 0, reach])
    axes.yaxis.set_major_formatter("{x:.2f}")


def draw_spectrum(axes: Axes, levels: np.ndarray, hz: np.ndarray) -> None:
    """Levels (bands, columns) in dB; the y axis counts octaves above `LOWEST_HZ`."""
    octaves = np.log2(hz / LOWEST_HZ)
    draw_levels(axes, levels, octaves[-1], SPECTRUM_MAP)
    draw_hz_ticks(axes, np.log2(np.array(HZ_TICKS) / LOWEST_HZ), octaves[-1])


def draw_levels(axes: Axes, levels: np.ndarray, top: float, colours: str) -> AxesImage:
    """Levels (bands, columns) in dB from 0 to ``top``, with their scale."""
    loudest = max(float(levels.max()), _FAINTEST_DB)
    image = axes.imshow(
        levels,
        extent=(*axes.get_xlim(), 0, top),
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
        cmap=colours,
        vmin=loudest - DYNAMIC_RANGE_DB,
        vmax=loudest,
    )
    axes.grid(False)
    draw_scale(axes, image, "{x:.0f} dB")
    return image


def draw_scale(axes: Axes, image: AxesImage, form: str) -> None:
    """What the colours of an image mean, on the right of its panel."""
    scale = axes.inset_axes((1.012, 0.0, 0.009, 1.0))
    bar = axes.figure.colorbar(image, cax=scale)
    bar.outline.set_visible(False)
    scale.tick_params(colors=FAINT, labelsize=8, length=0)
    scale.yaxis.set_major_formatter(form)


def draw_hz_ticks(axes: Axes, places: np.ndarray, top: float) -> None:
    """Name the frequencies of `HZ_TICKS` at their places, up to the top."""
    shown: list[tuple[float, int]] = []
    for place, hz in zip(places, HZ_TICKS, strict=True):
        above = shown[-1][0] + _NEAREST_TICKS * top if shown else 0.0
        if above <= place <= top:
            shown.append((place, hz))
    names = [f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz" for _, hz in shown]
    axes.set_yticks([place for place, _ in shown], names)


def draw_note(axes: Axes, text: str) -> None:
    """A few words in the upper left of a panel, readable over anything."""
    from matplotlib.patheffects import withStroke

    axes.text(
        *(0.006, 0.94, text),
        transform=axes.transAxes,
        color=INK,
        fontsize=9,
        va="top",
        zorder=5,
        path_effects=[withStroke(linewidth=2.5, foreground=PANEL, alpha=0.8)],
    )
