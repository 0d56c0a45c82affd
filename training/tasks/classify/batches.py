"""Batches of windows, each a pure function of the seed and its number.

So a resumed run sees the very batches that an unbroken one would have seen. Here a
window is only cut out and placed; `augment` does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from training.audio.pcm import INT16
from training.data import numbered
from training.tasks.classify.cache import Clips
from training.tasks.classify.config import Config

TRIES = 8  # For a window that is not the silent end of a clip.
QUIET = 0.05  # of the clip's peak: a window below it is not what the label says
NOISES = 24
NOISE_SECONDS = 8.0
NOISE_PEAK = 0.7


@dataclass(frozen=True)
class Sounds:
    """What trains: entry numbers ``rows``, their class indices, and noise to mix in."""

    clips: Clips
    rows: np.ndarray
    classes: np.ndarray
    labels: tuple[str, ...]
    noises: tuple[np.ndarray, ...]


def dataset(
    config: Config, sounds: Sounds, start: int, replica_batch: int, worker: int = 0
) -> tf.data.Dataset:
    """Endless (audio, noise, classes, seed) from batch number ``start`` on.

    Shapes: (B, frames) int16, (B, frames) int16, (B,) int32, (2,) int32 for everything
    random in the step.
    """
    frames = config.data.frames
    base = numbered.base(config.training.seed, worker)
    chances = numbered.sampling(sounds.classes, config.data.balance)
    chances = chances.astype(np.float64) / chances.astype(np.float64).sum()

    def make(number: int) -> tuple[np.ndarray, ...]:
        random = np.random.default_rng([base, number])
        picked = random.choice(len(sounds.rows), replica_batch, p=chances)
        audio = np.stack([_window(config, sounds, i, random) for i in picked])
        classes = sounds.classes[picked].astype(np.int32)
        _silence(config, sounds, audio, classes, random)
        noise = np.stack(
            [_noise(sounds.noises, frames, random) for _ in range(replica_batch)]
        )
        return audio, noise, classes, np.array([base, number], np.int32)

    return numbered.of_arrays(start, make)


def coloured_noises(seed: int, sample_rate: int) -> tuple[np.ndarray, ...]:
    """Synthetic noises, int16: power falls as 1/f^b, b from 0 (white) to 2 (brown).

    Each second one rises and falls slowly, as wind and traffic do.
    """
    random = np.random.default_rng([seed, 77])
    count = round(NOISE_SECONDS * sample_rate)
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / sample_rate), 20.0)
    noises = []
    for i, power in enumerate(np.linspace(0, 2, NOISES)):
        spectrum = np.fft.rfft(random.standard_normal(count))
        sound = np.fft.irfft(spectrum * frequency ** (-power / 2), count)
        if i % 2:
            points = np.exp(random.normal(0, 0.7, 33))
            sound *= np.interp(np.linspace(0, 32, count), np.arange(33), points)
        sound *= NOISE_PEAK / np.abs(sound).max()
        noises.append(np.round(sound * INT16).astype(np.int16))
    return tuple(noises)


def audible(clip: np.ndarray, start: int, frames: int) -> bool:
    """Whether a window of a clip holds more than the clip's silence, as its label says.

    A clip that is silent all over counts as audible: silence is what it is.
    """
    peak = int(np.abs(clip.astype(np.int32)).max(initial=0))
    window = clip[max(0, start) : start + frames].astype(np.int32)
    return int(np.abs(window).max(initial=0)) >= QUIET * peak


def place(clip: np.ndarray, start: int, frames: int) -> np.ndarray:
    """``frames`` of a clip from ``start`` on, which may be negative; zeros outside."""
    window = np.zeros(frames, np.int16)
    first, last = max(0, start), min(len(clip), start + frames)
    if last > first:
        window[first - start : last - start] = clip[first:last]
    return window


def _window(
    config: Config, sounds: Sounds, i: int, random: np.random.Generator
) -> np.ndarray:
    """One clip at a random speed and place: cut if it is long, moved about if not."""
    frames = config.data.frames
    speed = random.integers(len(sounds.clips.audio))
    clip = sounds.clips.audio[speed][sounds.rows[i]]
    spare = len(clip) - frames
    reach = round(config.augment.shift_seconds * config.data.sample_rate)
    low, high = (0, spare) if spare > 0 else (spare - reach, reach)
    start = 0
    for _ in range(TRIES):
        start = int(random.integers(low, high + 1))
        if audible(clip, start, frames):
            break
    return place(clip, start, frames)


def _silence(
    config: Config,
    sounds: Sounds,
    audio: np.ndarray,
    classes: np.ndarray,
    random: np.random.Generator,
) -> None:
    """Turn a share of the windows into background: noise, hum, or nothing at all."""
    if not config.data.silence_share:
        return
    label = sounds.labels.index(config.data.silence)
    chosen = random.random(len(audio)) < config.data.silence_share
    for i in np.flatnonzero(chosen):
        level = 10 ** random.uniform(-4.5, -0.5)
        kind = random.random()
        if kind < 0.15:
            sound = np.zeros(audio.shape[1])
        elif kind < 0.3:
            t = np.arange(audio.shape[1]) / config.data.sample_rate
            sound = INT16 * np.sin(2 * np.pi * random.uniform(40, 2_000) * t)
        else:
            sound = _noise(sounds.noises, audio.shape[1], random)
        audio[i], classes[i] = np.round(level * sound), label


def _noise(
    noises: tuple[np.ndarray, ...], frames: int, random: np.random.Generator
) -> np.ndarray:
    """A random part of a random noise; a short one begins anew at its end."""
    noise = noises[random.integers(len(noises))]
    start = random.integers(max(1, len(noise) - frames + 1))
    return np.resize(noise[start:], frames)
