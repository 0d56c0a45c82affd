"""Sounds for ears and eyes: one wav per class and a sheet of spectrograms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from training.run.files import write_atomically

GAP_SECONDS = 0.05
FLOOR_DB = -80.0


def write_sounds(folder: Path, audio: np.ndarray, names: list[str], rate: int) -> None:
    """Join the rows of ``audio`` (n, frames) by name; write ``folder/NAME.wav``."""
    folder.mkdir(parents=True, exist_ok=True)
    gap = np.zeros(round(GAP_SECONDS * rate), np.float32)
    for name in dict.fromkeys(names):
        rows = [a for a, n in zip(audio, names, strict=True) if n == name]
        joined = np.concatenate([part for row in rows for part in (row, gap)])
        write_atomically(
            folder / f"{name}.wav",
            lambda file, joined=joined: soundfile.write(
                file, joined, rate, format="WAV", subtype="PCM_16"
            ),
        )


def write_sheet(
    path: Path, audio: np.ndarray, names: list[str], rate: int, columns: int
) -> None:
    """Waveforms over spectrograms of the rows of ``audio`` (n, frames), as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = -(-len(audio) // columns)
    figure = Figure(figsize=(1.7 * columns, 1.6 * rows))
    grid = figure.add_gridspec(
        2 * rows, columns, height_ratios=[1, 3] * rows, hspace=0.12, wspace=0.08
    )
    for i, (sound, name) in enumerate(zip(audio, names, strict=True)):
        row, column = divmod(i, columns)
        wave = figure.add_subplot(grid[2 * row, column])
        wave.plot(sound, linewidth=0.3)
        wave.set(xlim=(0, len(sound)), ylim=(-1, 1))
        wave.set_title(name, fontsize=6, pad=1)
        image = figure.add_subplot(grid[2 * row + 1, column])
        image.imshow(
            spectrogram_db(sound), origin="lower", aspect="auto", vmin=FLOOR_DB, vmax=0
        )
        for axes in (wave, image):
            axes.set_xticks([])
            axes.set_yticks([])
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.97)
    FigureCanvasAgg(figure)
    write_atomically(path, lambda file: figure.savefig(file, format="png", dpi=110))


def spectrogram_db(sound: np.ndarray, window: int = 512, hop: int = 128) -> np.ndarray:
    """(bins, frames) in dB below the loudest bin, not under `FLOOR_DB`."""
    starts = np.arange(0, max(len(sound) - window, 0) + 1, hop)
    framed = sound[np.minimum(starts[:, None] + np.arange(window), len(sound) - 1)]
    power = np.abs(np.fft.rfft(framed * np.hanning(window))) ** 2
    power /= max(power.max(), 1e-12)
    return 10 * np.log10(np.maximum(power.T, 10 ** (FLOOR_DB / 10)))
