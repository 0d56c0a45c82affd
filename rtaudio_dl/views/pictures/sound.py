"""A picture of a sound file: waveform, loudness, spectrogram, mel, what is heard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtaudio_dl.views.detections import Hearing
from rtaudio_dl.views.loudness import decibels
from rtaudio_dl.views.overview import Overview
from rtaudio_dl.views.pictures.hearing import MAX_CLASSES, draw_hearing
from rtaudio_dl.views.pictures.panels import (
    HZ_TICKS,
    draw_hz_ticks,
    draw_levels,
    draw_note,
    draw_spectrum,
    draw_wave,
)
from rtaudio_dl.views.pictures.style import (
    GRID,
    WARM,
    WAVE,
    WAVE_CORE,
    clock,
    draw_words,
    panels,
    write,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOUDNESS_SPAN = (-60.0, 0.0)  # LUFS
MEL_MAP = "magma"
_LANE_INCHES = {1: 1.7, 2: 1.0}
_THIN_LANE_INCHES = 0.5
_ROW_INCHES, _HEARING_INCHES = 0.2, 0.3
_LOUDNESS_INCHES, _SPECTRUM_INCHES, _MEL_INCHES = 1.3, 3.2, 2.0


def draw_sound(
    path: str | os.PathLike[str],
    overview: Overview,
    hearing: Hearing | None = None,
    title: str = "",
) -> None:
    """Draw an overview of a sound file, and what is heard in it, to a PNG file."""
    lanes = len(overview.low)
    tall = _LANE_INCHES.get(lanes, _THIN_LANE_INCHES)
    inches = {f"wave {i}": tall for i in range(lanes)}
    inches["loudness"] = _LOUDNESS_INCHES
    inches["spectrum"], inches["mel"] = _SPECTRUM_INCHES, _MEL_INCHES
    if hearing is not None:
        rows = len(hearing.strongest(MAX_CLASSES))
        inches["hearing"] = _ROW_INCHES * rows + _HEARING_INCHES
    figure, axes = panels(inches, overview.seconds)
    reach = max(overview.peak, 1e-3)
    for i in range(lanes):
        lane = axes[f"wave {i}"]
        draw_wave(lane, overview.low[i], overview.high[i], overview.rms[i], reach)
        _name_lane(lane, overview, i)
    _draw_loudness(axes["loudness"], overview)
    draw_spectrum(axes["spectrum"], overview.levels, overview.hz)
    _draw_mel(axes["mel"], overview)
    if hearing is not None:
        draw_hearing(axes["hearing"], hearing)
    draw_words(figure, title or overview.path.name, facts(overview))
    write(figure, Path(path))


def _name_lane(axes: Axes, overview: Overview, lane: int) -> None:
    channels = overview.channels
    if channels == 1:
        return
    if channels == 2:
        name = ("left", "right")[lane]
    else:
        name = f"{lane + 1}" if channels == len(overview.low) else f"all {channels}"
    draw_note(axes, name)
    if len(overview.low) > 2:
        axes.set_yticks([0])


def _draw_loudness(axes: Axes, overview: Overview) -> None:
    low, high = LOUDNESS_SPAN
    times, momentary = overview.momentary
    shown = np.maximum(momentary, low)
    axes.fill_between(times, low, shown, color=WAVE, alpha=0.55, linewidth=0)
    times, short_term = overview.short_term
    heard = np.where(short_term > low, short_term, np.nan)
    axes.plot(times, heard, color=WAVE_CORE, linewidth=1.4)
    axes.set_ylim(low, high)
    axes.set_yticks([-60, -40, -23, -10], ["−60", "−40", "−23", "−10 LUFS"])
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    whole = overview.integrated
    words = "momentary"
    if len(times):
        words += " (filled), short-term (line)"
    if whole is not None and whole > low:
        axes.axhline(whole, color=WARM, linewidth=1.1, linestyle=(0, (5, 3)))
        words += f", integrated {whole:.1f} LUFS (dashed)".replace("-", "−")
    if not len(momentary):
        words = "too short for loudness"
    draw_note(axes, words)


def _draw_mel(axes: Axes, overview: Overview) -> None:
    bands = len(overview.mel)
    draw_levels(axes, overview.mel, bands, MEL_MAP)
    places = np.interp(HZ_TICKS, overview.mel_hz, np.arange(bands) + 0.5, -1, -1)
    draw_hz_ticks(axes, places, bands)
    draw_note(axes, f"{bands} mel bands")


def facts(overview: Overview) -> str:
    """A line of what a person asks first of a sound file."""
    seconds = overview.seconds
    named = {1: "mono", 2: "stereo"}
    peak = overview.peak
    parts = [
        clock(seconds) if seconds >= 60 else f"{seconds:.2f} s",
        f"{overview.sample_rate / 1000:g} kHz",
        named.get(overview.channels, f"{overview.channels} channels"),
        overview.format,
        f"peak {decibels(peak):+.1f} dBFS" if peak > 0 else "silent",
    ]
    if overview.range is not None:
        parts.append(f"range {overview.range:.1f} LU")
    if overview.clipped:
        parts.append(f"{overview.clipped} samples at full scale")
    if overview.not_finite:
        parts.append(f"{overview.not_finite} samples not finite")
    return "   ·   ".join(parts).replace("-", "\N{MINUS SIGN}")
