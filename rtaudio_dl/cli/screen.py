"""A sound file on the terminal: the picture of `views.pictures` in characters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.text import Text

from rtaudio_dl.views.detections import Hearing
from rtaudio_dl.views.overview import Overview
from rtaudio_dl.views.pictures.sound import LOUDNESS_SPAN
from rtaudio_dl.views.pictures.style import clock

LABEL_WIDTH = 12
_WAVE_ROWS, _SPECTRUM_ROWS = 6, 10
_RANGE_DB = 70.0
_FAINTEST_DB = -40.0
_MAX_CLASSES = 12
_MARKS = 6  # times named below
_RISING = " ▁▂▃▄▅▆▇█"
_SHADES = " ░▒▓█"
_LEFT_HALF = "▀"
# matplotlib's inferno at even steps; the terminal needs no more.
_COLOURS = np.array(
    [
        (0, 0, 4),
        (27, 12, 65),
        (74, 12, 107),
        (120, 28, 109),
        (165, 44, 96),
        (207, 68, 70),
        (237, 105, 37),
        (251, 155, 6),
        (247, 209, 61),
        (252, 255, 164),
    ]
)


def screen(
    overview: Overview, hearing: Hearing | None, colours: bool
) -> Iterator[Text]:
    """The lines of the picture; without ``colours`` by shades."""
    yield from _wave(overview)
    yield _loudness(overview)
    yield from _spectrum(overview, colours)
    if hearing is not None:
        yield from _hearing(hearing, colours)
    yield _times(overview)


def _line(label: str) -> Text:
    return Text(f"{label[: LABEL_WIDTH - 1]:>{LABEL_WIDTH - 1}} ", style="dim")


def _wave(overview: Overview) -> Iterator[Text]:
    """Half a row is the finest: each character shows two heights."""
    reach = max(overview.peak, 1e-3)
    halves = 2 * _WAVE_ROWS
    low = np.floor((overview.low.min(axis=0) / reach + 1) / 2 * (halves - 1e-6))
    high = np.floor((overview.high.max(axis=0) / reach + 1) / 2 * (halves - 1e-6))
    for row in range(_WAVE_ROWS):
        upper = halves - 1 - 2 * row
        above = (low <= upper) & (upper <= high)
        below = (low <= upper - 1) & (upper - 1 <= high)
        text = "".join(" ▄▀█"[b + 2 * a] for a, b in zip(above, below, strict=True))
        label = {0: f"{reach:.2f}", _WAVE_ROWS - 1: f"-{reach:.2f}"}.get(row, "")
        yield _line(label).append(text, style="cyan")


def _loudness(overview: Overview) -> Text:
    columns = overview.low.shape[1]
    times, lufs = overview.momentary
    line = _line("LUFS")
    if not len(lufs):
        return line.append("too short for loudness", style="dim")
    low, high = LOUDNESS_SPAN
    at = (np.arange(columns) + 1) * overview.seconds / columns
    level = lufs[np.minimum(np.searchsorted(times, at), len(lufs) - 1)]
    part = (np.maximum(level, low) - low) / (high - low)
    steps = np.clip(np.round(part * 8), 0, 8).astype(int)
    return line.append("".join(_RISING[n] for n in steps), style="green")


def _spectrum(overview: Overview, colours: bool) -> Iterator[Text]:
    """Each character shows two bands of the spectrum, one above the other."""
    bands = np.array_split(10 ** (overview.levels / 10), 2 * _SPECTRUM_ROWS)
    levels = 10 * np.log10([band.max(axis=0) for band in bands])[::-1]
    top = max(levels.max(), _FAINTEST_DB)
    parts = np.clip(1 + (levels - top) / _RANGE_DB, 0, 1)
    tops = [chunk[-1] for chunk in np.array_split(overview.hz, 2 * _SPECTRUM_ROWS)]
    for row in range(_SPECTRUM_ROWS):
        hz = tops[-1 - 2 * row]
        label = f"{hz / 1000:.1f} kHz" if hz >= 1000 else f"{hz:.0f} Hz"
        line = _line("" if row % 3 else label)
        yield _pixels(line, parts[2 * row], parts[2 * row + 1], colours)


def _hearing(hearing: Hearing, colours: bool) -> Iterator[Text]:
    heard = {event.label for event in hearing.events}
    for number in hearing.strongest(_MAX_CLASSES):
        label = hearing.labels[number]
        line = _line(label)
        if label in heard:
            line.stylize("not dim bold")
        scores = hearing.scores[number]
        yield _pixels(line, scores, scores, colours)


def _pixels(line: Text, upper: np.ndarray, lower: np.ndarray, colours: bool) -> Text:
    """Add two rows of values 0..1 as one row of characters."""
    if not colours:
        steps = np.round(np.maximum(upper, lower) * (len(_SHADES) - 1)).astype(int)
        return line.append("".join(_SHADES[n] for n in steps))
    for above, below in zip(_colour(upper), _colour(lower), strict=True):
        line.append(_LEFT_HALF, style=f"{above} on {below}")
    return line


def _colour(parts: np.ndarray) -> list[str]:
    place = np.clip(parts, 0, 1) * (len(_COLOURS) - 1)
    steps = np.arange(len(_COLOURS))
    channels = [np.interp(place, steps, values) for values in _COLOURS.T]
    table = np.round(np.stack(channels, axis=1)).astype(int)
    return ["#{:02x}{:02x}{:02x}".format(*row) for row in table]


def _times(overview: Overview) -> Text:
    columns = overview.low.shape[1]
    line = [" "] * (columns + LABEL_WIDTH)
    for mark in range(_MARKS):
        place = mark * columns // _MARKS
        seconds = place * overview.seconds / columns
        word = f"╵{clock(seconds)}" if seconds >= 60 else f"╵{seconds:.1f} s"
        line[place : place + len(word)] = word
    return _line("").append("".join(line)[:columns], style="dim")
