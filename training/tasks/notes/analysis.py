"""A note taken apart: the level of each partial and of the noise beside them, in time.

The pitch of a note is known, so its spectrum is read where its partials must be, with a
Hann window of four periods: then neighbours vanish in each other's zeros, and half-way
between them only noise is left (spectral modelling synthesis, Serra and Smith, 1990).
Partial k may lie anywhere between k - 1/2 and k + 1/2 times the fundamental, so that
the stretched partials of strings and the odd ones of bells are partials too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from training.tasks.notes.bend import bend_track, unbend
from training.tasks.notes.form import (
    BANDS,
    HELD_SECONDS,
    PARTIALS,
    RATE,
    TOP_HZ,
    band_edges,
    grid,
    hz,
    partial_count,
)

FLOOR_DB, CEILING_DB = -120.0, 7.5
PERIODS = 4
SHORTEST_WINDOW = 256
LEAST_SHARE = 0.03  # of a partial's power that no noise beside it takes away
MAIN_LOBE = 1.8  # bins of the window's own length; two is its first zero
SIDE_LOBES = 6.0  # such bins from a partial its side lobes are 55 dB down
LOWEST_NOISE_HZ = 25.0  # A sample's DC is not noise.
STEADY = slice(33, 138)  # the grid's evenly spaced part
STEADY_SECONDS = 0.025
WINDOW_OF_RATIOS = 4_096


@dataclass(frozen=True)
class Parts:
    """What a note is made of, at the times of `grid`.

    ``partials`` (T, PARTIALS) and ``noise`` (T, BANDS) are levels in dB, the noise's
    that of all the power in a band; ``ratios`` (PARTIALS,) say how far each partial
    is from k times the fundamental, in units of it; ``wander`` (PARTIALS,) is the
    standard deviation of a partial's amplitude about its own slow course, over its
    mean; ``fade`` (PARTIALS + BANDS,) is the late change of level in dB per second;
    ``cents`` is the note's mean deviation from its key; ``octave_below`` is the share
    of the power that lies half-way between partials 1 and 2 or below the first, where
    a sound's partials are if it sounds an octave lower than its key.
    """

    partials: np.ndarray
    noise: np.ndarray
    ratios: np.ndarray
    wander: np.ndarray
    fade: np.ndarray
    cents: float
    octave_below: float


def analyse(audio: np.ndarray, pitch: float) -> Parts:
    """Take one note (FRAMES,) apart whose key is ``pitch``, held for HELD_SECONDS."""
    f0 = hz(pitch)
    bend = bend_track(audio, f0)
    cents = float(np.median(bend))
    straight = unbend(audio - audio.mean(), bend)
    ratios = partial_ratios(straight, pitch)
    partials, noise = _levels(straight, f0, ratios)
    wander = _wander(partials)
    fade = _fade(np.concatenate([partials, noise], axis=1))
    below = octave_below(straight, f0)
    return Parts(_db(partials), _db(noise), ratios, wander, fade, cents, below)


def partial_ratios(audio: np.ndarray, pitch: float) -> np.ndarray:
    """How far each partial is from its multiple of the fundamental, (PARTIALS,).

    From the loudest moment on, in units of the fundamental, within -1/2..1/2; 0 where
    nothing stands out of the noise. The first is 0 by definition: a key is in tune.
    """
    f0 = hz(pitch)
    level = uniform_filter1d(audio**2, 512)
    start = int(min(np.argmax(level) + 256, RATE * HELD_SECONDS - WINDOW_OF_RATIOS))
    part = audio[start : start + WINDOW_OF_RATIOS] * np.hanning(WINDOW_OF_RATIOS)
    size = 4 * WINDOW_OF_RATIOS
    power = np.abs(np.fft.rfft(part, size)) ** 2
    found = np.zeros(PARTIALS)
    for k in range(2, partial_count(pitch) + 1):
        low, high = (int((k + s) * f0 * size / RATE) for s in (-0.5, 0.5))
        inside = power[low : high + 1]
        peak = int(np.argmax(inside))
        if 0 < peak < len(inside) - 1 and inside[peak] > 30 * np.median(inside):
            a, b, c = np.log(inside[peak - 1 : peak + 2] + 1e-30)
            offset = 0.5 * (a - c) / min(a - 2 * b + c, -1e-9)
            found[k - 1] = (low + peak + offset) * RATE / size / f0 - k
    return np.clip(found, -0.5, 0.5).astype(np.float32)


def octave_below(audio: np.ndarray, f0: float) -> float:
    """Power at 1/2 and 3/2 of ``f0`` over that at 1/2, 1, 3/2 and 2."""
    part = audio[RATE // 4 : RATE] * np.hanning(RATE - RATE // 4)
    n = np.arange(len(part))
    orders = np.array([0.5, 1.0, 1.5, 2.0])
    turns = np.exp(-2j * np.pi * f0 / RATE * np.outer(orders, n))
    power = np.abs(turns @ part) ** 2
    return float(power[[0, 2]].sum() / max(power.sum(), 1e-20))


def _levels(
    audio: np.ndarray, f0: float, ratios: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes of partials (T, PARTIALS) and of noise bands (T, BANDS), linear."""
    window = _window(f0)
    size = 2 * window  # so that bins lie on the partials and between them
    spectra, sums, squares = _spectra(audio, window, size)
    count = int(min(PARTIALS, TOP_HZ // f0))
    places = (np.arange(1, count + 1) + ratios[:count]) * f0
    power = np.abs(spectra) ** 2
    density = power / squares[:, None]  # per frame of white noise
    between, alone = _between(places, f0, window, size)
    valid = _free_bins(places, window, size, power.shape[1])
    valid[between[alone]] = True
    bins = np.round(places * size / RATE).astype(int)
    scallop = (places * size / RATE - bins) * window / size
    response = np.sinc(scallop) / (1.0 - scallop**2)
    amplitude = 2 * np.abs(spectra[:, bins]) / sums[:, None] / response
    beside = _filled(density[:, between], alone)
    beside = 0.5 * (beside[:, :-1] + beside[:, 1:])
    spread = 4 * squares[:, None] / sums[:, None] ** 2
    squared = amplitude**2
    amplitude = np.sqrt(np.maximum(squared - spread * beside, LEAST_SHARE * squared))
    partials = np.zeros((len(amplitude), PARTIALS), np.float32)
    partials[:, :count] = amplitude
    return partials, _bands(density, valid, size)


def _spectra(
    audio: np.ndarray, window: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spectra at the grid's times, and the window's sum and sum of squares at each.

    A window never looks over the onset or the release: what is cut off is missing from
    the sums too, so that a sound that begins at once is found to begin at once.
    """
    centres = np.round(grid() * RATE).astype(int)
    n = np.arange(window)
    index = centres[:, None] + n - window // 2
    release = round(HELD_SECONDS * RATE)
    same_side = (index < release) == (centres < release)[:, None]
    hann = np.hanning(window) * ((index >= 0) & (index < len(audio)) & same_side)
    frames = audio[np.clip(index, 0, len(audio) - 1)] * hann
    spectra = np.fft.rfft(frames.astype(np.float32), size)
    return spectra, hann.sum(1), (hann**2).sum(1)


def _window(f0: float) -> int:
    """Frames of a whole, even number of periods: so the zeros lie between partials."""
    periods = max(PERIODS, 2 * int(np.ceil(SHORTEST_WINDOW * f0 / RATE / 2)))
    return round(periods * RATE / f0)


def _between(
    places: np.ndarray, f0: float, window: int, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Bins half-way between partials, one more than these.

    And which of them lie far enough from both for only noise to be seen there.
    """
    around = np.r_[places[0] - f0, places, places[-1] + f0]
    middle = np.clip(0.5 * (around[:-1] + around[1:]), 0, RATE / 2 - 1)
    alone = np.diff(around) / 2 >= MAIN_LOBE * RATE / window
    alone &= middle >= LOWEST_NOISE_HZ
    return np.round(middle * size / RATE).astype(int), alone


def _free_bins(places: np.ndarray, window: int, size: int, count: int) -> np.ndarray:
    """Which bins are so far from any partial that its side lobes are not seen."""
    hertz = np.arange(count) * RATE / size
    after = np.clip(np.searchsorted(places, hertz), 1, max(len(places) - 1, 1))
    nearest = [places[np.minimum(after - d, len(places) - 1)] for d in (0, 1)]
    gap = np.min([np.abs(hertz - place) for place in nearest], axis=0)
    return (gap >= SIDE_LOBES * RATE / window) & (hertz >= LOWEST_NOISE_HZ)


def _filled(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Columns (T, n) with those that are not known taken from the nearest known."""
    if not known.any():
        return np.zeros_like(values)
    index = np.flatnonzero(known)
    place = np.arange(len(known))
    nearest = index[np.abs(place[:, None] - index).argmin(axis=1)]
    return values[:, nearest]


def _bands(density: np.ndarray, valid: np.ndarray, size: int) -> np.ndarray:
    """Root of the power in each band (T, BANDS), from the bins that show only noise."""
    edges = band_edges()
    hertz = np.arange(density.shape[1]) * RATE / size
    band = np.clip(np.searchsorted(edges, hertz, side="right") - 1, 0, BANDS - 1)
    member = np.zeros((density.shape[1], BANDS), np.float32)
    member[np.flatnonzero(valid), band[valid]] = 1.0
    share = member.sum(0)
    mean = density @ (member / np.maximum(share, 1.0))
    known = np.flatnonzero(share > 0)
    if not len(known):
        return np.zeros_like(mean)
    width = np.diff(edges) / (RATE / 2)
    logs = np.log(mean[:, known] + 1e-14)
    place = np.arange(BANDS)
    right = np.clip(np.searchsorted(known, place), 0, len(known) - 1)
    left = np.maximum(right - (known[right] > place), 0)
    span = np.maximum(known[right] - known[left], 1)
    t = np.clip((place - known[left]) / span, 0.0, 1.0)
    filled = logs[:, left] * (1 - t) + logs[:, right] * t
    return np.sqrt(np.exp(filled) * width).astype(np.float32)


def _wander(partials: np.ndarray) -> np.ndarray:
    """See `Parts.wander`; from the evenly spaced times, 2 to 20 Hz."""
    steady = partials[STEADY]
    slow = uniform_filter1d(steady, 13, axis=0, mode="nearest")
    deviation = (steady - slow).std(axis=0)
    return np.minimum(deviation / (steady.mean(axis=0) + 1e-7), 1.0)


def _fade(levels: np.ndarray) -> np.ndarray:
    """See `Parts.fade`: a line through the second half of the held part."""
    steady = _db(levels[STEADY][len(levels[STEADY]) // 2 :])
    seconds = np.arange(len(steady)) * STEADY_SECONDS
    seconds -= seconds.mean()
    return (seconds @ (steady - steady.mean(0)) / (seconds @ seconds)).astype(
        np.float32
    )


def _db(amplitude: np.ndarray) -> np.ndarray:
    level = 20 * np.log10(np.maximum(amplitude, 10 ** (FLOOR_DB / 20)))
    return np.clip(level, FLOOR_DB, CEILING_DB).astype(np.float32)
