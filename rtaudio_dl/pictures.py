"""A picture of a render: waveform, notes on a grid, spectrogram, on one time axis.

Only colour maps that stay readable with every kind of colour vision are used; which
sound a note has shows in its row, how hard it was in its size and brightness.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Note = tuple[float, int, float, str]  # seconds, key 0..127, velocity 0..1, label

COLUMNS = 1400  # the picture's resolution in time, however long the audio is
BANDS = 240
WINDOW_SECONDS = 0.042
LOWEST_HZ = 40.0
DYNAMIC_RANGE_DB = 80.0
MAX_ROW_LABELS = 24
MAX_ONSET_LABELS = 24  # more would run into each other; the grid has them all

WIDTH_INCHES, LEFT_INCHES, RIGHT_INCHES = 14.0, 1.45, 0.95
TOP_INCHES, BOTTOM_INCHES, GAP_INCHES = 0.85, 0.45, 0.14
WAVE_INCHES, SPECTRUM_INCHES, ROW_INCHES = 1.7, 3.6, 0.225
DPI = 110

PAPER, PANEL, GRID = "#0e1016", "#141823", "#262c3b"
INK, FAINT = "#eef0f6", "#98a1b5"
WAVE, WAVE_CORE = "#2f7fb5", "#8fd3ff"
VELOCITY_MAP, SPECTRUM_MAP = "plasma", "inferno"
VELOCITY_SPAN = (0.25, 0.95)  # of the colour map: its dark end would drown
HZ_TICKS = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)


def draw_render(
    path: str | os.PathLike[str],
    audio: np.ndarray,
    sample_rate: int,
    notes: Sequence[Note] = (),
    title: str = "",
) -> None:
    """Draw audio (frames, channels) and its notes to a PNG file.

    Each note is (seconds, key, velocity 0..1, label); notes of one label share a row.
    Raises ValueError for audio of another shape or without a frame.
    """
    audio = np.asarray(audio)
    if audio.ndim != 2 or not audio.size:
        raise ValueError(
            f"audio has shape {audio.shape}; allowed: (frames, channels), not empty"
        )
    audio = np.nan_to_num(audio.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    seconds = len(audio) / sample_rate
    notes = [note for note in notes if 0 <= note[0] <= seconds]
    rows = note_rows(notes)
    figure, panels = _panels(min(len(rows), MAX_ROW_LABELS), seconds)
    _draw_wave(panels["wave"], audio, seconds)
    if rows:
        _draw_notes(panels["notes"], notes, rows)
    _draw_spectrum(panels["spectrum"], audio.mean(axis=1), sample_rate)
    _draw_onsets(panels["spectrum"], notes)
    _draw_words(figure, title, _facts(audio, sample_rate, len(notes)))
    _write(figure, Path(path))


def note_rows(notes: Sequence[Note]) -> dict[str, int]:
    """The row of each label, 0 at the bottom, in the order of the labels' mean key."""
    keys: dict[str, list[int]] = {}
    for _, key, _, label in notes:
        keys.setdefault(label, []).append(key)
    by_key = sorted(keys, key=lambda label: (np.mean(keys[label]), label))
    return {label: row for row, label in enumerate(by_key)}


def envelope(
    audio: np.ndarray, columns: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest and highest sample and RMS of each column of time, over all channels."""
    columns = min(columns, len(audio))
    starts = np.linspace(0, len(audio), columns, endpoint=False).astype(np.int64)
    sizes = np.diff(np.append(starts, len(audio)))
    low = np.minimum.reduceat(audio.min(axis=1), starts)
    high = np.maximum.reduceat(audio.max(axis=1), starts)
    power = np.add.reduceat(np.square(audio, dtype=np.float64).mean(axis=1), starts)
    return low, high, np.sqrt(power / sizes)


def log_spectrogram(
    mono: np.ndarray, sample_rate: int, columns: int = COLUMNS, bands: int = BANDS
) -> tuple[np.ndarray, np.ndarray]:
    """Levels (bands, columns) in dB and the bands' frequencies in Hz, log-spaced.

    A full-scale sine reads about 0 dB. Columns are evenly spaced over the audio, each
    a Hann window at its place, so that the cost does not grow with the length.
    """
    size = 1 << max(6, round(np.log2(WINDOW_SECONDS * sample_rate)))
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    padded = np.pad(mono, size // 2)
    places = np.linspace(0, len(mono), columns, endpoint=False).astype(np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)
    hz = np.geomspace(LOWEST_HZ, sample_rate / 2, bands)
    weights = _band_weights(hz, np.fft.rfftfreq(size, 1 / sample_rate))
    power = np.empty((bands, columns))
    for some in np.array_split(np.arange(columns), max(1, columns // 128)):
        spectrum = np.fft.rfft(frames[places[some]] * window)
        power[:, some] = weights @ np.square(2 / window.sum() * np.abs(spectrum)).T
    return 10 * np.log10(power + 1e-12), hz


def _band_weights(band_hz: np.ndarray, bin_hz: np.ndarray) -> np.ndarray:
    """Triangles (bands, bins) that are one band wide, and at least two bins."""
    ratio = band_hz[1] / band_hz[0]
    half_width = np.maximum(band_hz * (ratio - 1), bin_hz[1])[:, np.newaxis]
    distance = np.abs(bin_hz - band_hz[:, np.newaxis])
    return np.maximum(0, 1 - distance / half_width)


def _panels(rows: int, seconds: float) -> tuple[Figure, dict[str, Axes]]:
    """An empty dark figure, and its panels from top to bottom on one time axis."""
    from matplotlib.figure import Figure

    inches = {"wave": WAVE_INCHES}
    if rows:
        inches["notes"] = ROW_INCHES * max(rows, 2)
    inches["spectrum"] = SPECTRUM_INCHES
    height = sum(inches.values()) + GAP_INCHES * (len(inches) - 1)
    height += TOP_INCHES + BOTTOM_INCHES
    figure = Figure((WIDTH_INCHES, height), dpi=DPI, facecolor=PAPER)
    width = (WIDTH_INCHES - LEFT_INCHES - RIGHT_INCHES) / WIDTH_INCHES
    top, panels = height - TOP_INCHES, {}
    for name, tall in inches.items():
        box = (LEFT_INCHES / WIDTH_INCHES, (top - tall) / height, width, tall / height)
        panels[name] = figure.add_axes(box, facecolor=PANEL)
        _style(panels[name], seconds, last=name == "spectrum")
        top -= tall + GAP_INCHES
    return figure, panels


def _style(axes: Axes, seconds: float, last: bool) -> None:
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(colors=FAINT, labelsize=9, length=0, pad=7, labelbottom=last)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlim(0, seconds)
    axes.xaxis.set_major_formatter(_clock if seconds >= 60 else "{x:g} s")


def _clock(seconds: float, _place: int) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _draw_wave(axes: Axes, audio: np.ndarray, seconds: float) -> None:
    low, high, rms = envelope(audio, COLUMNS)
    time = (np.arange(len(low)) + 0.5) * seconds / len(low)
    reach = 1.08 * max(abs(float(low.min())), float(high.max()), 1e-3)
    axes.fill_between(time, low, high, color=WAVE, linewidth=0.4)
    core_low, core_high = np.maximum(-rms, low), np.minimum(rms, high)
    axes.fill_between(time, core_low, core_high, color=WAVE_CORE, linewidth=0)
    axes.axhline(0, color=PANEL, linewidth=0.5)
    axes.set_ylim(-reach, reach)
    axes.set_yticks([-reach / 1.08, 0, reach / 1.08])
    axes.yaxis.set_major_formatter("{x:.2f}")


def _draw_notes(axes: Axes, notes: Sequence[Note], rows: dict[str, int]) -> None:
    """One row for each label; a dot at each onset, larger and brighter when harder."""
    from matplotlib import colormaps

    velocity = np.clip([note[2] for note in notes], 0, 1)
    first, last = VELOCITY_SPAN
    axes.scatter(
        [note[0] for note in notes],
        [rows[note[3]] for note in notes],
        s=6 + 74 * velocity**2,
        c=colormaps[VELOCITY_MAP](first + (last - first) * velocity),
        linewidths=0,
        zorder=3,
        clip_on=False,  # a dot at 0 s is whole
    )
    for row in range(0, len(rows), 2):
        axes.axhspan(row - 0.5, row + 0.5, color="#ffffff", alpha=0.03, linewidth=0)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    step = -(-len(rows) // MAX_ROW_LABELS)
    axes.set_yticks(list(rows.values())[::step], list(rows)[::step], color=INK)


def _draw_spectrum(axes: Axes, mono: np.ndarray, sample_rate: int) -> None:
    """Levels over log frequency; the y axis counts octaves above `LOWEST_HZ`."""
    levels, hz = log_spectrogram(mono, sample_rate)
    loudest = float(levels.max())
    octaves = np.log2(hz / LOWEST_HZ)
    image = axes.imshow(
        levels,
        extent=(*axes.get_xlim(), 0, octaves[-1]),
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
        cmap=SPECTRUM_MAP,
        vmin=loudest - DYNAMIC_RANGE_DB,
        vmax=loudest,
    )
    axes.grid(False)
    ticks = [tick for tick in HZ_TICKS if tick <= hz[-1]]
    names = [f"{t // 1000} kHz" if t >= 1000 else f"{t} Hz" for t in ticks]
    axes.set_yticks(np.log2(np.array(ticks) / LOWEST_HZ), names)
    scale = axes.inset_axes((1.012, 0.0, 0.009, 1.0))
    bar = axes.figure.colorbar(image, cax=scale)
    bar.outline.set_visible(False)
    scale.tick_params(colors=FAINT, labelsize=8, length=0)
    scale.yaxis.set_major_formatter("{x:.0f} dB")


def _draw_onsets(axes: Axes, notes: Sequence[Note]) -> None:
    """A tick at the top for each note; with few notes its label and key as well."""
    _, top = axes.get_ylim()
    onsets = [note[0] for note in notes]
    axes.vlines(onsets, 0.965 * top, top, color=INK, linewidth=0.9, alpha=0.9)
    if len(notes) > MAX_ONSET_LABELS:
        return
    from matplotlib.patheffects import withStroke

    outline = [withStroke(linewidth=2.5, foreground=PAPER, alpha=0.8)]
    axes.vlines(onsets, 0, top, color=INK, linewidth=0.6, alpha=0.35)
    for seconds, key, _, label in notes:
        axes.annotate(
            f"{label} {key}",
            (seconds, 0.95 * top),
            xytext=(3, 0),
            textcoords="offset points",
            rotation=90,
            va="top",
            color=INK,
            fontsize=8,
            clip_on=True,
            path_effects=outline,
        )


def _facts(audio: np.ndarray, sample_rate: int, notes: int) -> str:
    peak = float(np.abs(audio).max())
    level = f"peak {20 * np.log10(peak):+.1f} dBFS" if peak > 0 else "silent"
    facts = [f"{len(audio) / sample_rate:.1f} s", f"{sample_rate / 1000:g} kHz", level]
    facts = [f"{notes} notes", *facts] if notes else facts
    return "   ·   ".join(facts).replace("-", "\N{MINUS SIGN}")


def _draw_words(figure: Figure, title: str, facts: str) -> None:
    left, right = LEFT_INCHES / WIDTH_INCHES, 1 - RIGHT_INCHES / WIDTH_INCHES
    y = 1 - 0.52 * TOP_INCHES / figure.get_figheight()
    plain = title.replace("$", r"\$")  # a file's name is no formula
    figure.text(left, y, plain, color=INK, fontsize=17, weight="bold", va="center")
    figure.text(right, y, facts, color=FAINT, fontsize=10, va="center", ha="right")


def _write(figure: Figure, path: Path) -> None:
    """Write the PNG beside its place first, so that a reader never sees half of it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor=figure.get_facecolor())
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_bytes(buffer.getvalue())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
